// The host's back end of device.cuh: runs kernels on the CPU, one fiber a CUDA thread, one block at a time. It is built to find mistakes, not to be quick:
//  * one random warp runs ahead as far as the next barrier, so that a missing barrier shows as a wrong result;
//  * asynchronous copies are held back until the wait that covers them, and their destination holds NaN meanwhile;
//  * shared memory begins as NaN and every access to it is checked; so is that whole warps and blocks reach their collectives.
// What it cannot show: bank conflicts, speed, the memory model between warps without barriers, the rounding of approximate instructions.
// It includes nothing: the standard library's headers would take longer to compile than most kernels.
#pragma once

#define OCTAVO_INLINE static inline
#define OCTAVO_INLINE_MEMBER
#define OCTAVO_UNROLL
#define OCTAVO_ROLLED

namespace octavo_host {
// What kernels use of the scheduler; a planted bug's source is a library of its own.
#pragma GCC visibility push(default)

// What the kernel's own thread sees; set by the scheduler.
extern int current_thread, block_threads, block_id[3], grid_size[3];

[[noreturn]] void fail(const char* what);
void wait_for_block();
u32 warp_shuffle_xor(u32 value, int mask);
u32 warp_shuffle(u32 value, int lane);
u32 warp_vote(bool condition);
void warp_barrier();
void stored(const void* p);
u8* dynamic_shared();
u8* static_shared(const void* key, u64 bytes);
u32 shared_offset(const void* p);
void copy_async(u32 to, const void* from, bool valid);
void copy_commit();
void copy_wait(int pending);
void load_matrices(u32* r, u32 address, bool transposed);
void multiply_matrices(float* d, const u32* a, u32 b0, u32 b1, bool halves);

// Kernels by name, for the driver; of two, the one that was loaded last.
struct Registered {
    const char* name;
    const char* file;
    int threads;
    void (*invoke)(void* const* parameters);
    const u16* sizes;
    int count;
    int dynamic_limit = 48 << 10;
    bool asked = false;  // for a limit of its own; else arrays of a known size count towards it, too
    Registered* next = first;
    static Registered* first;
    Registered(const char* name, const char* file, int threads, void (*invoke)(void* const*), const u16* sizes, int count)
        : name(name), file(file), threads(threads), invoke(invoke), sizes(sizes), count(count) { first = this; }
    ~Registered();
};
#pragma GCC visibility pop

// An array of the block's shared memory whose every access is checked.
template <class T> struct Shared {
    T* data;
    u64 count;
    T& operator[](u64 i) const {
        if (i >= count) { fail("shared array indexed outside of its bounds"); }
        return data[i];
    }
};
template <class T> Shared<T> shared(const void* key, u64 count) { return {(T*)static_shared(key, count * sizeof(T)), count}; }

// A kernel's parameters, from the addresses of their values.
template <int... I> struct Places {};
template <class F> struct Signature;
template <class... A> struct Signature<void (*)(A...)> {
    static constexpr int COUNT = sizeof...(A);
    static constexpr u16 SIZES[] = {(u16)sizeof(A)...};
    template <void (*K)(A...), int... I> static void call(void* const* p, Places<I...>) { K(*(A*)p[I]...); }
    template <void (*K)(A...)> static void invoke(void* const* p) { call<K>(p, Places<__integer_pack(COUNT)...>()); }
};
}  // namespace octavo_host

#define OCTAVO_KERNEL(name, threads, parameters) \
    static void name parameters; \
    static octavo_host::Registered name##_registered(#name, __FILE__, threads, octavo_host::Signature<decltype(&name)>::invoke<&name>, \
        octavo_host::Signature<decltype(&name)>::SIZES, octavo_host::Signature<decltype(&name)>::COUNT); \
    static void name parameters
#define OCTAVO_RESIDENT_KERNEL(name, threads, blocks, parameters) OCTAVO_KERNEL(name, threads, parameters)
#define OCTAVO_SHARED(type, name, count) \
    static char name##_key; \
    octavo_host::Shared<type> name = octavo_host::shared<type>(&name##_key, count)
#define OCTAVO_DYNAMIC_SHARED(name) u8* name = octavo_host::dynamic_shared()

namespace octavo {
OCTAVO_INLINE int thread() { return octavo_host::current_thread; }
OCTAVO_INLINE int threads() { return octavo_host::block_threads; }
OCTAVO_INLINE int block_x() { return octavo_host::block_id[0]; }
OCTAVO_INLINE int block_y() { return octavo_host::block_id[1]; }
OCTAVO_INLINE int block_z() { return octavo_host::block_id[2]; }
OCTAVO_INLINE int blocks_x() { return octavo_host::grid_size[0]; }
OCTAVO_INLINE int blocks_y() { return octavo_host::grid_size[1]; }
OCTAVO_INLINE int blocks_z() { return octavo_host::grid_size[2]; }
OCTAVO_INLINE void check_quad(const void* p) { if ((u64)p % 16) { octavo_host::fail("16 bytes at an address that is no multiple of 16"); } }
OCTAVO_INLINE Quad load_quad(const void* p) { check_quad(p); Quad q; __builtin_memcpy(&q, p, 16); return q; }
OCTAVO_INLINE Quad load_quad_ahead(const void* p) { return load_quad(p); }
OCTAVO_INLINE Quad load_quad_once(const void* p) { return load_quad(p); }
OCTAVO_INLINE void load_pair_ahead(const void* p, u32& x, u32& y) {
    if ((u64)p % 8) { octavo_host::fail("8 bytes at an address that is no multiple of 8"); }
    __builtin_memcpy(&x, p, 4);
    __builtin_memcpy(&y, (const u8*)p + 4, 4);
}
OCTAVO_INLINE void store_quad(void* p, Quad q) { check_quad(p); __builtin_memcpy(p, &q, 16); octavo_host::stored(p); }
OCTAVO_INLINE void sync() { octavo_host::wait_for_block(); }
OCTAVO_INLINE void warp_sync() { octavo_host::warp_barrier(); }
OCTAVO_INLINE u32 shuffle_xor(u32 value, int mask) { return octavo_host::warp_shuffle_xor(value, mask); }
OCTAVO_INLINE u32 shuffle(u32 value, int lane) { return octavo_host::warp_shuffle(value, lane); }
OCTAVO_INLINE u32 vote(bool condition) { return octavo_host::warp_vote(condition); }
OCTAVO_INLINE void add_shared(u64* to, u64 x) { *to += x; }
OCTAVO_INLINE int count_bits(u32 x) { return __builtin_popcount(x); }
OCTAVO_INLINE int lowest_bit(u32 x) { return __builtin_ctz(x); }

OCTAVO_INLINE u32 permute_bytes(u32 a, u32 b, u32 selector) {
    u64 both = (u64)b << 32 | a;
    u32 y = 0;
    for (int i = 0; i < 4; i++) { y |= (u32)(both >> 8 * (selector >> 4 * i & 7) & 255) << 8 * i; }
    return y;
}
OCTAVO_INLINE u32 masked_or(u32 x, u32 mask, u32 bits) { return (x & mask) | bits; }
OCTAVO_INLINE u32 renewed(u32 x) { return x; }
OCTAVO_INLINE u32 bits_of(float value) { u32 u; __builtin_memcpy(&u, &value, 4); return u; }
OCTAVO_INLINE float float_of(u32 bits) { float f; __builtin_memcpy(&f, &bits, 4); return f; }
OCTAVO_INLINE float add_exact(float a, float b) { return a + b; }
OCTAVO_INLINE float multiply_exact(float a, float b) { return a * b; }
OCTAVO_INLINE float divide(float a, float b) { return a / b; }
OCTAVO_INLINE float square_root(float x) { return __builtin_sqrtf(x); }
OCTAVO_INLINE float multiply_add(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
OCTAVO_INLINE float larger(float a, float b) { return a > b || b != b ? a : b; }
OCTAVO_INLINE float exp2_fast(float x) { float y = __builtin_exp2f(x); return y < 1.17549435e-38f ? 0.0f : y; }
OCTAVO_INLINE float reciprocal_fast(float x) { return 1 / x * (1 + 6e-8f); }
OCTAVO_INLINE float log2_fast(float x) { return __builtin_log2f(x) * (1 + 1e-6f); }
OCTAVO_INLINE float float_of_half(u16 x) {
    u32 sign = (u32)(x & 0x8000) << 16, magnitude = bits_of(float_of((u32)(x & 0x7fff) << 13) * 0x1p112f);  // exact, for those below the normal ones, too
    return float_of(sign | magnitude | ((x & 0x7c00) == 0x7c00 ? 0x7f800000u : 0));
}
OCTAVO_INLINE u32 bfloat16_bits(float x) {
    u32 u = bits_of(x);
    return (u & 0x7fffffffu) > 0x7f800000u ? 0x7fffu : (u + 0x7fffu + (u >> 16 & 1)) >> 16;
}
OCTAVO_INLINE u32 half_bits(float x) {
    u32 u = bits_of(x), sign = u >> 16 & 0x8000u, magnitude = u & 0x7fffffffu;
    if (magnitude > 0x7f800000u) { return 0x7fffu; }
    if (magnitude >= 0x477ff000u) { return sign | 0x7c00u; }  // from half a unit above the largest on
    if (magnitude < 0x38800000u) { return sign | (u32)__builtin_nearbyintf(float_of(magnitude) * 16777216.0f); }  // in units of the smallest
    return sign | (((magnitude + 0xfffu + (magnitude >> 13 & 1)) >> 13) - (112u << 10));
}
OCTAVO_INLINE u32 half_pair(float low, float high) { return half_bits(low) | half_bits(high) << 16; }
OCTAVO_INLINE u32 bfloat16_pair(float low, float high) { return bfloat16_bits(low) | bfloat16_bits(high) << 16; }
OCTAVO_INLINE u32 multiply_add_bfloat16_pair(u32 a, u32 b, u32 c) {
    return bfloat16_pair(
        (float)((double)float_of(a << 16) * float_of(b << 16) + float_of(c << 16)),
        (float)((double)float_of(a & 0xffff0000u) * float_of(b & 0xffff0000u) + float_of(c & 0xffff0000u)));
}

OCTAVO_INLINE u32 multiply_add_half_pair(u32 a, u32 b, u32 c) {
    return half_pair(
        (float)((double)float_of_half((u16)a) * float_of_half((u16)b) + float_of_half((u16)c)), (float)((double)float_of_half((u16)(a >> 16)) * float_of_half((u16)(b >> 16)) + float_of_half((u16)(c >> 16))));
}

typedef u32 shared_address;
OCTAVO_INLINE shared_address shared_address_of(const void* p) { return octavo_host::shared_offset(p); }
template <class T> OCTAVO_INLINE shared_address shared_address_of(const octavo_host::Shared<T>& array) { return octavo_host::shared_offset(array.data); }
OCTAVO_INLINE void copy_async16(shared_address to, const void* from, bool valid) { octavo_host::copy_async(to, from, valid); }
OCTAVO_INLINE void copy_commit() { octavo_host::copy_commit(); }
template <int PENDING> OCTAVO_INLINE void copy_wait() { octavo_host::copy_wait(PENDING); }
OCTAVO_INLINE void load_matrices(u32 (&r)[4], shared_address a) { octavo_host::load_matrices(r, a, false); }
OCTAVO_INLINE void load_matrices_transposed(u32 (&r)[4], shared_address a) { octavo_host::load_matrices(r, a, true); }
OCTAVO_INLINE void multiply_matrices(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) { octavo_host::multiply_matrices(d, a, b0, b1, false); }
OCTAVO_INLINE void multiply_half_matrices(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) { octavo_host::multiply_matrices(d, a, b0, b1, true); }
}  // namespace octavo
