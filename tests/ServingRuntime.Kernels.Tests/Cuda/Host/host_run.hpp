// What the fake driver needs of the shim.
#pragma once
namespace octavo_host {
// Runs all blocks of a launch; what went wrong, or null. The seed orders the threads.
const char* run(const Registered& kernel, const int (&grid)[3], int threads, u64 dynamic_bytes, unsigned seed, void* const* parameters);
}
