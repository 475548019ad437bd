// What only Hopper has (sm_90a): asynchronous matrix products of four warps, barriers in shared memory that threads arrive at and wait for separately, and moving registers between warps.
// As device.cuh, with two back ends; on the host hopper_shim.hpp defines the same names. PTX ISA 8.x: "Asynchronous Warpgroup Level Matrix Instructions", "mbarrier", "setmaxnreg".
#pragma once
#include "numbers.cuh"

namespace octavo {
constexpr int WARPGROUP = 128;

// A matrix in shared memory for wgmma, swizzled by 128 bytes: in every 1,024 bytes eight lines of 128, whose 16-byte pieces lie where Panels puts them. The descriptor (PTX ISA, "Matrix Descriptor
// Format"): bits 0-13 the address, 16-29 the leading and 32-45 the stride byte offset, all in units of 16 bytes, 62-63 the swizzle, 1 for 128 bytes.
//  * Elements of the inner dimension side by side ("K-major"): a line holds 64 of them for one row; `stride` leads to the next eight rows; leading is not used. Sixteen elements further is 32 bytes.
//  * Rows side by side ("MN-major"): a line holds 64 rows of one inner element; `stride` leads to the next eight inner elements, `leading` to the next 64 rows.
OCTAVO_INLINE u64 operand_of(u32 address, u32 leading, u32 stride) {
    return (u64)((address & 0x3ffffu) >> 4) | (u64)(leading >> 4) << 16 | (u64)(stride >> 4) << 32 | 1ull << 62;
}

// Rows of elements of two bytes as both kinds of operand take them: panels of 64 elements, of ROWS lines of 128 bytes each. Begins at a multiple of 1,024 bytes.
template <int ROWS> struct Panels {
    static constexpr u32 SIXTEEN = 16 * 128;  // from a row to the sixteenth after it
    static OCTAVO_INLINE_MEMBER u32 at(int row, int piece) { return (u32)(piece / 8 * ROWS * 128 + row * 128 + (piece % 8 ^ (row & 7)) * 16); }
};
}  // namespace octavo

#ifdef OCTAVO_HOST_SHIM
#include "hopper_shim.hpp"
#else
// At most so many threads, and so few blocks at a time that each may have all registers: what moving them needs.
#define OCTAVO_KERNEL_ALONE(name, threads, parameters) extern "C" __global__ void __launch_bounds__(threads, 1) name parameters

namespace octavo {
// Barriers of eight bytes in shared memory. A phase ends when all have arrived; then the next begins. barrier_wait returns once the phase of that parity has ended, the phase before the first being of
// parity 1. What a thread did before it arrived is seen by those who waited. Before others use it, there is a sync() behind its beginning.
OCTAVO_INLINE void barrier_begin(shared_address barrier, int arrivals) { asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory"); }
OCTAVO_INLINE void barrier_arrive(shared_address barrier) { asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory"); }
OCTAVO_INLINE void barrier_wait(shared_address barrier, u32 parity) {
    asm volatile("{\n.reg .pred p;\nAGAIN:\nmbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1;\n@p bra DONE;\nbra AGAIN;\nDONE:\n}" ::"r"(barrier), "r"(parity) : "memory");
}

// `count` threads, whole warps, meet at one of the barriers 1 to 15.
OCTAVO_INLINE void meet(int barrier, int count) { asm volatile("bar.sync %0, %1;" ::"r"(barrier), "r"(count) : "memory"); }

// Behind a thread's own stores and finished copies to shared memory, before the barrier behind which matrix products read them.
OCTAVO_INLINE void fence_for_products() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// Registers of each thread from now on, for whole warpgroups: a multiple of 8.
template <int COUNT> OCTAVO_INLINE void shrink_registers() { asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(COUNT)); }
template <int COUNT> OCTAVO_INLINE void grow_registers() { asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(COUNT)); }

// Products run on their own: products_begin() comes before the first of several, where registers that they use were touched; products_commit() ends a group of them; products_wait<n>() returns when
// all but the last n groups are done. Until then nobody may touch their accumulators, registers or shared memory.
OCTAVO_INLINE void products_begin() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
OCTAVO_INLINE void products_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int PENDING> OCTAVO_INLINE void products_wait() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(PENDING) : "memory"); }

// What computes these registers stays before this place, and what uses them behind it. To the compiler a product is done where it is issued: without this it may move arithmetic on accumulators to before
// the wait, or on operands to behind the beginning, and the assembler then runs products one by one to be safe. Stands before products_begin() and behind products_wait().
template <int N> OCTAVO_INLINE void stay(float (&d)[N][4]) {
    OCTAVO_UNROLL
    for (int j = 0; j < N; j++) { asm volatile("" : "+f"(d[j][0]), "+f"(d[j][1]), "+f"(d[j][2]), "+f"(d[j][3]) :: "memory"); }
}
template <int N> OCTAVO_INLINE void stay(u32 (&p)[N][4]) {
    OCTAVO_UNROLL
    for (int j = 0; j < N; j++) { asm volatile("" : "+r"(p[j][0]), "+r"(p[j][1]), "+r"(p[j][2]), "+r"(p[j][3]) :: "memory"); }
}

// Accumulators: of a warp's 16 rows tile after tile of eight columns, as those of mma.sync. `add`: to what is there; else they are set.
#define OCTAVO_TILE(d, j) "+f"(d[j][0]), "+f"(d[j][1]), "+f"(d[j][2]), "+f"(d[j][3])
#define OCTAVO_TILES_4(d, j) OCTAVO_TILE(d, j), OCTAVO_TILE(d, j + 1), OCTAVO_TILE(d, j + 2), OCTAVO_TILE(d, j + 3)
#define OCTAVO_TILES_8(d, j) OCTAVO_TILES_4(d, j), OCTAVO_TILES_4(d, j + 4)
#define OCTAVO_TILES_16(d, j) OCTAVO_TILES_8(d, j), OCTAVO_TILES_8(d, j + 8)
#define OCTAVO_TILES_32(d, j) OCTAVO_TILES_16(d, j), OCTAVO_TILES_16(d, j + 16)
#define OCTAVO_REGISTERS_32 "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define OCTAVO_REGISTERS_64 OCTAVO_REGISTERS_32 ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define OCTAVO_REGISTERS_128 OCTAVO_REGISTERS_64 ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"
// a [64, 16] · b [N, 16] transposed, both from shared memory, elements of the inner dimension side by side; and a from registers, as mma.sync takes it, · b [16, N] with the N side by side.
template <class E, int TILES> struct GroupProduct;
#define OCTAVO_GROUP_PRODUCT(E, TYPE, N, TILES, COUNT, R0, R1, R2, R3, R4, R5) \
    template <> struct GroupProduct<E, TILES> { \
        static OCTAVO_INLINE_MEMBER void of_shared(float (&d)[TILES][4], u64 a, u64 b, bool add) { \
            asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, " R2 ", 0;\nwgmma.mma_async.sync.aligned.m64n" #N "k16.f32." TYPE "." TYPE " {" OCTAVO_REGISTERS_##COUNT "}, " R0 ", " R1 ", p, 1, 1, 0, 0;\n}" \
                         : OCTAVO_TILES_##TILES(d, 0) : "l"(a), "l"(b), "r"((u32)add)); \
        } \
        static OCTAVO_INLINE_MEMBER void of_registers(float (&d)[TILES][4], const u32 (&a)[4], u64 b, bool add) { \
            asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, " R5 ", 0;\nwgmma.mma_async.sync.aligned.m64n" #N "k16.f32." TYPE "." TYPE " {" OCTAVO_REGISTERS_##COUNT "}, {" R0 ", " R1 ", " R2 ", " R3 "}, " R4 ", p, 1, 1, 1;\n}" \
                         : OCTAVO_TILES_##TILES(d, 0) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"((u32)add)); \
        } \
    };
OCTAVO_GROUP_PRODUCT(bfloat16, "bf16", 64, 8, 32, "%32", "%33", "%34", "%35", "%36", "%37")
OCTAVO_GROUP_PRODUCT(bfloat16, "bf16", 128, 16, 64, "%64", "%65", "%66", "%67", "%68", "%69")
OCTAVO_GROUP_PRODUCT(bfloat16, "bf16", 256, 32, 128, "%128", "%129", "%130", "%131", "%132", "%133")
OCTAVO_GROUP_PRODUCT(float16, "f16", 64, 8, 32, "%32", "%33", "%34", "%35", "%36", "%37")
OCTAVO_GROUP_PRODUCT(float16, "f16", 128, 16, 64, "%64", "%65", "%66", "%67", "%68", "%69")
OCTAVO_GROUP_PRODUCT(float16, "f16", 256, 32, 128, "%128", "%129", "%130", "%131", "%132", "%133")
}  // namespace octavo
#endif
