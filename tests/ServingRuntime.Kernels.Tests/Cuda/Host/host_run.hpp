// What the fake driver needs of the shim, and its parts of each other.
#pragma once
#include <functional>
namespace octavo_host {
// Runs all blocks of a launch; what went wrong, or null. The seed orders the threads.
const char* run(const Registered& kernel, const int (&grid)[3], int threads, u64 dynamic_bytes, unsigned seed, void* const* parameters);

// Lets the thread go on when the condition holds; where none can move any more, the launch failed for the reason given.
void wait_until(std::function<bool()> condition, const char* otherwise);
// Sometimes lets every other thread go on as far as it can.
void let_others_run();
// Shared memory, checked.
u8* shared_at(u32 address, u64 bytes);

// A block begins; 16 bytes of shared memory were stored by the current thread.
void begin_block(int threads, u64 shared_bytes);
void written(u32 offset);
}
