// What the fake libraries need of the fake driver.
#pragma once
#include <functional>
// Notes the call; what it is to return, as planned, or 0.
int fake_call(const char* name);
// Whether a range lies in device memory.
bool fake_inside(u64 p, u64 bytes);
// Work for a stream; 0, or the driver's error.
int fake_enqueue(void* stream, std::function<int()> work);
// From within the work of another stream: does what a stream has, as far as that can be done now; 0, or the driver's error.
int fake_drain(void* stream);
// What work returns that cannot be done yet and may not wait, because fake_drain is doing it: it is tried again.
constexpr int FAKE_NOT_YET = -1;
bool fake_may_wait();
// From within a stream's work: lets other threads call the driver until the condition holds; false where it does not within some seconds.
bool fake_wait(const std::function<bool()>& condition);
// For what fake_wait waits for, wherever it may have come true.
void fake_notify();
