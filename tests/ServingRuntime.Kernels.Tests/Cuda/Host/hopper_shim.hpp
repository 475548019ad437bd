// The host's back end of hopper.cuh. As strict as the PTX ISA allows a device to be:
//  * what a matrix product makes is NaN until it is waited for, and whoever writes an accumulator meanwhile is found; so is shared memory or a register that an operand is read from and that changes;
//  * operands are read from shared memory exactly as the descriptor says, swizzle of address bits included; a piece that was stored without fence_for_products() behind it is an error;
//  * all 128 threads of a warpgroup issue the same product; after a wait there must be a products_begin() before the next product;
//  * a barrier that was not begun, and a wait that nobody can end, are errors.
// What it cannot show: that setmaxnreg was refused, what the products cost, a fence that is there but on the wrong side of a barrier between warps that happen to run in a good order.
#pragma once
#define OCTAVO_KERNEL_ALONE(name, threads, parameters) OCTAVO_KERNEL(name, threads, parameters)

namespace octavo_host {
#pragma GCC visibility push(default)
void barrier_begin(u32 barrier, int arrivals);
void barrier_arrive(u32 barrier);
void barrier_wait(u32 barrier, u32 parity);
void meet(int barrier, int count);
void fence_for_products();
void products_begin();
void products_commit();
void products_wait(int pending);

// One thread's part of a product. a: the descriptor of the first operand, or registers.
struct Product {
    float* d;
    int columns;
    const u32* registers;
    u64 a, b;
    bool add, halves;
};
void product(const Product& mine);
void set_registers(int count, bool more);
#pragma GCC visibility pop
}  // namespace octavo_host

namespace octavo {
OCTAVO_INLINE void barrier_begin(shared_address barrier, int arrivals) { octavo_host::barrier_begin(barrier, arrivals); }
OCTAVO_INLINE void barrier_arrive(shared_address barrier) { octavo_host::barrier_arrive(barrier); }
OCTAVO_INLINE void barrier_wait(shared_address barrier, u32 parity) { octavo_host::barrier_wait(barrier, parity); }
OCTAVO_INLINE void meet(int barrier, int count) { octavo_host::meet(barrier, count); }
OCTAVO_INLINE void fence_for_products() { octavo_host::fence_for_products(); }
template <int COUNT> OCTAVO_INLINE void shrink_registers() { octavo_host::set_registers(COUNT, false); }
template <int COUNT> OCTAVO_INLINE void grow_registers() { octavo_host::set_registers(COUNT, true); }
OCTAVO_INLINE void products_begin() { octavo_host::products_begin(); }
OCTAVO_INLINE void products_commit() { octavo_host::products_commit(); }
template <int PENDING> OCTAVO_INLINE void products_wait() { octavo_host::products_wait(PENDING); }
template <class T, int N> OCTAVO_INLINE void stay(T (&)[N][4]) {}  // the shim's instructions are where they are written

template <class E, int TILES> struct GroupProduct {
    static constexpr bool HALVES = __is_same(E, float16);
    static void of_shared(float (&d)[TILES][4], u64 a, u64 b, bool add) { octavo_host::product({&d[0][0], TILES * 8, nullptr, a, b, add, HALVES}); }
    static void of_registers(float (&d)[TILES][4], const u32 (&a)[4], u64 b, bool add) { octavo_host::product({&d[0][0], TILES * 8, a, 0, b, add, HALVES}); }
};
}  // namespace octavo
