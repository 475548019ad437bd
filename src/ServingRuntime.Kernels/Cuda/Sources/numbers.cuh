// Element types and the functions of numbers that more than one kernel needs.
#pragma once
#include "device.cuh"

namespace octavo {
constexpr int WARP = 32;

struct bfloat16 { u16 bits; };
struct float16 { u16 bits; };

OCTAVO_INLINE float quiet_nan() { return float_of(0x7fffffffu); }
OCTAVO_INLINE float to_float(float x) { return x; }
OCTAVO_INLINE float to_float(bfloat16 x) { return float_of((u32)x.bits << 16); }
OCTAVO_INLINE float to_float(float16 x) { return float_of_half(x.bits); }
OCTAVO_INLINE void store(float* p, float x) { *p = x; }
OCTAVO_INLINE void store(bfloat16* p, float x) { p->bits = (u16)bfloat16_pair(x, 0.0f); }
OCTAVO_INLINE void store(float16* p, float x) { p->bits = (u16)half_pair(x, 0.0f); }

// The types of two bytes that tensor cores multiply: two in a register, the lower half first. Rounded to nearest even; float16 becomes infinite beyond 65,504.
template <class E> struct Halves;
template <> struct Halves<bfloat16> {
    static OCTAVO_INLINE_MEMBER u32 pair(float low, float high) { return bfloat16_pair(low, high); }
    static OCTAVO_INLINE_MEMBER float low(u32 pair) { return float_of(pair << 16); }
    static OCTAVO_INLINE_MEMBER float high(u32 pair) { return float_of(pair & 0xffff0000u); }
    static OCTAVO_INLINE_MEMBER u32 multiply_add(u32 a, u32 b, u32 c) { return multiply_add_bfloat16_pair(a, b, c); }
    static OCTAVO_INLINE_MEMBER void multiply(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) { multiply_matrices(d, a, b0, b1); }
};
template <> struct Halves<float16> {
    static OCTAVO_INLINE_MEMBER u32 pair(float low, float high) { return half_pair(low, high); }
    static OCTAVO_INLINE_MEMBER float low(u32 pair) { return float_of_half((u16)pair); }
    static OCTAVO_INLINE_MEMBER float high(u32 pair) { return float_of_half((u16)(pair >> 16)); }
    static OCTAVO_INLINE_MEMBER u32 multiply_add(u32 a, u32 b, u32 c) { return multiply_add_half_pair(a, b, c); }
    static OCTAVO_INLINE_MEMBER void multiply(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) { multiply_half_matrices(d, a, b0, b1); }
};

// Element types by their number (DType on the host), where one kernel takes them all and is told at the launch.
enum Element { FLOAT32 = 0, BFLOAT16 = 1, FLOAT16 = 2 };
OCTAVO_INLINE float load_as(const void* p, int type, i64 at) {
    if (type == FLOAT32) { return ((const float*)p)[at]; }
    return type == BFLOAT16 ? to_float(((const bfloat16*)p)[at]) : to_float(((const float16*)p)[at]);
}
OCTAVO_INLINE void store_as(void* p, int type, i64 at, float value) {
    if (type == FLOAT32) { store((float*)p + at, value); }
    else if (type == BFLOAT16) { store((bfloat16*)p + at, value); }
    else { store((float16*)p + at, value); }
}
OCTAVO_INLINE float rounded_as(int type, float value) {
    return type == FLOAT32 ? value : type == BFLOAT16 ? Halves<bfloat16>::low(bfloat16_pair(value, 0.0f)) : Halves<float16>::low(half_pair(value, 0.0f));
}

// What one load or store of 16 bytes carries, widened to float32.
template <class T> struct Pack { static constexpr int COUNT = 16 / (int)sizeof(T); };

OCTAVO_INLINE void load_pack(const float* p, float (&v)[4]) {
    Quad q = load_quad(p);
    v[0] = float_of(q.x); v[1] = float_of(q.y); v[2] = float_of(q.z); v[3] = float_of(q.w);
}
OCTAVO_INLINE void store_pack(float* p, const float (&v)[4]) { store_quad(p, Quad{bits_of(v[0]), bits_of(v[1]), bits_of(v[2]), bits_of(v[3])}); }
template <class E> OCTAVO_INLINE void load_pack(const E* p, float (&v)[8]) {
    Quad q = load_quad(p);
    const u32 w[4] = {q.x, q.y, q.z, q.w};
    OCTAVO_UNROLL
    for (int i = 0; i < 4; i++) { v[2 * i] = Halves<E>::low(w[i]); v[2 * i + 1] = Halves<E>::high(w[i]); }
}
template <class E> OCTAVO_INLINE void store_pack(E* p, const float (&v)[8]) {
    store_quad(p, Quad{Halves<E>::pair(v[0], v[1]), Halves<E>::pair(v[2], v[3]), Halves<E>::pair(v[4], v[5]), Halves<E>::pair(v[6], v[7])});
}

// Whether rows of T, so many elements apart and so wide, can be read in packs from p on.
template <class T> OCTAVO_INLINE bool in_packs(const T* p, i64 stride, int width) {
    return ((u64)p & 15) == 0 && stride % Pack<T>::COUNT == 0 && width % Pack<T>::COUNT == 0;
}

// e^x within 3 units in the last place; 0 where it would be below the normal numbers, infinite where it is too large.
// x = n ln 2 + r in two steps, so that the product with log2 e loses nothing; an exponent beyond the range is given to exp2_fast whole.
OCTAVO_INLINE float exponential(float x) {
    if (!(x > -87.3f)) { return x != x ? x : 0.0f; }
    if (x > 88.7f) { return exp2_fast(multiply_exact(x, 1.44269504f)); }
    float n = add_exact(add_exact(multiply_exact(x, 1.44269504f), 12582912.0f), -12582912.0f);
    float r = multiply_add(n, -0.693359375f, x);
    r = multiply_add(n, 2.12194440e-4f, r);
    float half_power = float_of((u32)((int)multiply_exact(n, 0.5f) + 127) << 23), other = float_of((u32)((int)n - (int)multiply_exact(n, 0.5f) + 127) << 23);
    return multiply_exact(multiply_exact(exp2_fast(multiply_exact(r, 1.44269504f)), half_power), other);
}

// tanh x, small x included: the odd rational approximation of degrees 13 and 6 that Eigen and XLA use; beyond the clamp it is 1 in float32. NaN stays NaN.
OCTAVO_INLINE float hyperbolic_tangent(float x) {
    x = x > 7.90531110763549805f ? 7.90531110763549805f : x < -7.90531110763549805f ? -7.90531110763549805f : x;
    float s = multiply_exact(x, x);
    float p = multiply_add(s, -2.76076847742355e-16f, 2.00018790482477e-13f);
    p = multiply_add(s, p, -8.60467152213735e-11f);
    p = multiply_add(s, p, 5.12229709037114e-08f);
    p = multiply_add(s, p, 1.48572235717979e-05f);
    p = multiply_add(s, p, 6.37261928875436e-04f);
    p = multiply_add(s, p, 4.89352455891786e-03f);
    float q = multiply_add(s, 1.19825839466702e-06f, 1.18534705686654e-04f);
    q = multiply_add(s, q, 2.26843463243900e-03f);
    q = multiply_add(s, q, 4.89352518554385e-03f);
    return divide(multiply_exact(x, p), q);
}

// The order of floats as that of whole numbers: the larger the float the larger the number, NaN above all, both zeros the same.
OCTAVO_INLINE u32 ordered(float x) {
    if (x != x) { return 0xffffffffu; }
    u32 b = x == 0.0f ? 0u : bits_of(x);
    return (b & 0x80000000u) ? ~b : b | 0x80000000u;
}
}  // namespace octavo
