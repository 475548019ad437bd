// Everything that a kernel may touch below plain C++, in one place, with two back ends: NVRTC (inline PTX; no vendor header is needed) and the host shim of the tests
// (OCTAVO_HOST_SHIM: host_shim.hpp defines the same names). bfloat16 is carried as u16, two of them as u32, the lower half first.
#pragma once
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

// What one load or store carries at most.
struct alignas(16) Quad { u32 x, y, z, w; };

#ifdef OCTAVO_HOST_SHIM
#include "host_shim.hpp"
#else
#define OCTAVO_INLINE static __device__ __forceinline__
#define OCTAVO_INLINE_MEMBER __device__ __forceinline__
#define OCTAVO_UNROLL _Pragma("unroll")
#define OCTAVO_ROLLED _Pragma("unroll 1")

// A kernel that the host finds by its name; at most so many threads in a block.
#define OCTAVO_KERNEL(name, threads, parameters) extern "C" __global__ void __launch_bounds__(threads) name parameters

// The same with registers for so many blocks on a multiprocessor at once, where what the compiler would take for itself is too few or too many.
#define OCTAVO_RESIDENT_KERNEL(name, threads, blocks, parameters) extern "C" __global__ void __launch_bounds__(threads, blocks) name parameters

// Memory of the block: of a size known here, and what the launch asks for.
#define OCTAVO_SHARED(type, name, count) __shared__ type name[count]
#define OCTAVO_DYNAMIC_SHARED(name) extern __shared__ __attribute__((aligned(128))) u8 name[]

namespace octavo {
OCTAVO_INLINE int thread() { return (int)threadIdx.x; }
OCTAVO_INLINE int threads() { return (int)blockDim.x; }
OCTAVO_INLINE int block_x() { return (int)blockIdx.x; }
OCTAVO_INLINE int block_y() { return (int)blockIdx.y; }
OCTAVO_INLINE int block_z() { return (int)blockIdx.z; }
OCTAVO_INLINE int blocks_x() { return (int)gridDim.x; }
OCTAVO_INLINE int blocks_y() { return (int)gridDim.y; }
OCTAVO_INLINE int blocks_z() { return (int)gridDim.z; }

// Addresses are multiples of 16.
OCTAVO_INLINE Quad load_quad(const void* p) { return *(const Quad*)p; }
OCTAVO_INLINE void store_quad(void* p, Quad q) { *(Quad*)p = q; }

// Loads that begin where they stand: the compiler may not move them to where their result is needed.
OCTAVO_INLINE Quad load_quad_ahead(const void* p) {
    Quad q;
    asm volatile("ld.global.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(q.x), "=r"(q.y), "=r"(q.z), "=r"(q.w) : "l"(p));
    return q;
}
OCTAVO_INLINE void load_pair_ahead(const void* p, u32& x, u32& y) { asm volatile("ld.global.v2.u32 {%0,%1}, [%2];" : "=r"(x), "=r"(y) : "l"(p)); }

// The same of what is read once in a launch and written by nobody meanwhile: it need not stay in the multiprocessor's cache.
OCTAVO_INLINE Quad load_quad_once(const void* p) {
    Quad q;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(q.x), "=r"(q.y), "=r"(q.z), "=r"(q.w) : "l"(p));
    return q;
}

// All threads of the block, and of the warp.
OCTAVO_INLINE void sync() { __syncthreads(); }
OCTAVO_INLINE void warp_sync() { __syncwarp(); }

// Every lane of the warp takes part.
OCTAVO_INLINE u32 shuffle_xor(u32 value, int mask) {
    u32 result;
    asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 31, 0xffffffff;" : "=r"(result) : "r"(value), "r"(mask));
    return result;
}
// What the lane holds that has the given index.
OCTAVO_INLINE u32 shuffle(u32 value, int lane) {
    u32 result;
    asm volatile("shfl.sync.idx.b32 %0, %1, %2, 31, 0xffffffff;" : "=r"(result) : "r"(value), "r"(lane));
    return result;
}
OCTAVO_INLINE u32 vote(bool condition) {
    u32 result;
    asm volatile("{ .reg .pred p; setp.ne.u32 p, %1, 0; vote.sync.ballot.b32 %0, p, 0xffffffff; }" : "=r"(result) : "r"((u32)condition));
    return result;
}

// Into shared memory that several threads add to at once; whole numbers, so that the order does not matter.
OCTAVO_INLINE void add_shared(u64* to, u64 x) { atomicAdd(to, x); }

OCTAVO_INLINE int count_bits(u32 x) { return __popc(x); }

// Index of the lowest set bit; x is not 0.
OCTAVO_INLINE int lowest_bit(u32 x) { return __ffs((int)x) - 1; }

// Four bytes out of eight, a's being 0 to 3 and b's 4 to 7: the selector's nibbles name them, the lowest for the lowest byte.
OCTAVO_INLINE u32 permute_bytes(u32 a, u32 b, u32 selector) { u32 y; asm("prmt.b32 %0, %1, %2, %3;" : "=r"(y) : "r"(a), "r"(b), "r"(selector)); return y; }

// (x & mask) | bits, as one instruction: of constants the compiler makes two.
OCTAVO_INLINE u32 masked_or(u32 x, u32 mask, u32 bits) { u32 y; asm("lop3.b32 %0, %1, %2, %3, 0xea;" : "=r"(y) : "r"(x), "r"(mask), "r"(bits)); return y; }

// x, which the compiler takes for something new: what is made of it is not kept over a loop, where registers are scarcer than instructions.
OCTAVO_INLINE u32 renewed(u32 x) { asm volatile("" : "+r"(x)); return x; }

OCTAVO_INLINE u32 bits_of(float value) { return __float_as_uint(value); }
OCTAVO_INLINE float float_of(u32 bits) { return __uint_as_float(bits); }

// Rounded to nearest even, and never contracted with a neighbour.
OCTAVO_INLINE float add_exact(float a, float b) { float y; asm("add.rn.f32 %0, %1, %2;" : "=f"(y) : "f"(a), "f"(b)); return y; }
OCTAVO_INLINE float multiply_exact(float a, float b) { float y; asm("mul.rn.f32 %0, %1, %2;" : "=f"(y) : "f"(a), "f"(b)); return y; }
OCTAVO_INLINE float divide(float a, float b) { float y; asm("div.rn.f32 %0, %1, %2;" : "=f"(y) : "f"(a), "f"(b)); return y; }
OCTAVO_INLINE float square_root(float x) { float y; asm("sqrt.rn.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }
OCTAVO_INLINE float multiply_add(float a, float b, float c) { float y; asm("fma.rn.f32 %0, %1, %2, %3;" : "=f"(y) : "f"(a), "f"(b), "f"(c)); return y; }

// The larger; the other one where one is NaN.
OCTAVO_INLINE float larger(float a, float b) { float y; asm("max.f32 %0, %1, %2;" : "=f"(y) : "f"(a), "f"(b)); return y; }

// Within 2 units in the last place; what would be below the normal numbers is 0.
OCTAVO_INLINE float exp2_fast(float x) { float y; asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }
OCTAVO_INLINE float reciprocal_fast(float x) { float y; asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }
OCTAVO_INLINE float log2_fast(float x) { float y; asm("lg2.approx.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }

OCTAVO_INLINE float float_of_half(u16 x) { float y; asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x)); return y; }
OCTAVO_INLINE u32 bfloat16_pair(float low, float high) { u32 y; asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low)); return y; }

// a · b + c of two bfloat16 (float16) each, rounded once; numbers below the normal ones are kept.
OCTAVO_INLINE u32 multiply_add_bfloat16_pair(u32 a, u32 b, u32 c) { u32 y; asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(y) : "r"(a), "r"(b), "r"(c)); return y; }
OCTAVO_INLINE u32 multiply_add_half_pair(u32 a, u32 b, u32 c) { u32 y; asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(y) : "r"(a), "r"(b), "r"(c)); return y; }
OCTAVO_INLINE u32 half_pair(float low, float high) { u32 y; asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low)); return y; }

// Shared memory as the instructions below address it.
typedef u32 shared_address;
OCTAVO_INLINE shared_address shared_address_of(const void* p) {
    shared_address a;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(a) : "l"(p));
    return a;
}

// 16 bytes on their way into shared memory; zeros unless valid. They are there after the copy_wait that covers their group, for this thread, and after a barrier for the others.
OCTAVO_INLINE void copy_async16(shared_address to, const void* from, bool valid) {
    int bytes = valid ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}
OCTAVO_INLINE void copy_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int PENDING> OCTAVO_INLINE void copy_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory"); }

// Four 8 x 8 matrices of 16-bit elements, lane l giving the address of row l % 8 of matrix l / 8.
OCTAVO_INLINE void load_matrices(u32 (&r)[4], shared_address a) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(a) : "memory");
}
OCTAVO_INLINE void load_matrices_transposed(u32 (&r)[4], shared_address a) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(a) : "memory");
}

// d [16, 8] += a [16, 16] · b [16, 8]; bfloat16 products, float32 sums.
OCTAVO_INLINE void multiply_matrices(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// The same with float16 products.
OCTAVO_INLINE void multiply_half_matrices(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
}  // namespace octavo
#endif
