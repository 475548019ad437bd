// What the fake libraries need of the fake driver.
#pragma once
#include <functional>
// Notes the call; what it is to return, as planned, or 0.
int fake_call(const char* name);
// Whether a range lies in device memory.
bool fake_inside(u64 p, u64 bytes);
// Work for a stream; 0, or the driver's error.
int fake_enqueue(void* stream, std::function<int()> work);
