// What stands between the product of queries, keys and values and attention, in one launch: norms of heads where a model has them, rotation, and keys and values into their slots.
// Between the steps numbers stay float32; they are rounded once, where they are stored.
#include "cache.cuh"
using namespace octavo;

// As the host numbers them.
enum CacheType { CACHE_F32, CACHE_BF16, CACHE_F16, CACHE_I8, CACHE_F8 };

// A head of up to 512 elements: so many pairs a lane.
constexpr int PAIRS = 8;

struct Rotation { const int* positions; const float* table; i64 table_stride; int table_rows, rotary, interleaved; };

// The elements of pair p: rotated ones first, then what follows them two by two. They may lie behind the head's end.
struct Pair { int first, second; };
OCTAVO_INLINE Pair pair_of(int p, const Rotation& r) {
    int half = r.rotary / 2;
    if (p < half) { return r.interleaved ? Pair{2 * p, 2 * p + 1} : Pair{p, p + half}; }
    return Pair{2 * p, 2 * p + 1};
}

// Eight bits of each of the head's elements, and its scale: that of cache.cu, over what the warp's lanes hold.
template <class C> OCTAVO_INLINE void store_codes(const float (&a)[PAIRS], const float (&b)[PAIRS], int head_size, const Rotation& r, u8* to, float* scale) {
    u32 largest = 0;
    OCTAVO_UNROLL
    for (int k = 0; k < PAIRS; k++) {
        u32 first = bits_of(a[k]) & 0x7fffffffu, second = bits_of(b[k]) & 0x7fffffffu;
        largest = first > largest ? first : largest;
        largest = second > largest ? second : largest;
    }
    float magnitude = float_of(warp_largest(largest));
    bool nothing = magnitude < 1e-30f;
    float inverse = nothing ? 0.0f : divide(C::TOP, magnitude);
    OCTAVO_UNROLL
    for (int k = 0; k < PAIRS; k++) {
        Pair p = pair_of(thread() % WARP + k * WARP, r);
        if (p.first < head_size) { to[p.first] = nothing ? (u8)0 : C::code(multiply_exact(a[k], inverse)); }
        if (p.second < head_size) { to[p.second] = nothing ? (u8)0 : C::code(multiply_exact(b[k], inverse)); }
    }
    if (thread() % WARP == 0) { *scale = nothing ? 0.0f : divide(magnitude, C::TOP); }
}

template <class T> OCTAVO_INLINE void store_numbers(const float (&a)[PAIRS], const float (&b)[PAIRS], int head_size, const Rotation& r, T* to) {
    OCTAVO_UNROLL
    for (int k = 0; k < PAIRS; k++) {
        Pair p = pair_of(thread() % WARP + k * WARP, r);
        if (p.first < head_size) { store(to + p.first, a[k]); }
        if (p.second < head_size) { store(to + p.second, b[k]); }
    }
}

// One warp a head of a token: its queries, then its keys, then its values. Queries are changed in place, keys and values only stored. A slot outside of the cache stores nothing, a position outside of
// the table makes what it rotates NaN.
template <class X>
OCTAVO_INLINE void rotate_store(X* projected, i64 stride, int tokens, int heads, int kv_heads, int head_size, const float* query_norm, const float* key_norm, float epsilon, const Rotation& r, void* keys, void* values, float* scales, int cache, const int* slots, int block_size, int slot_count) {
    int all = heads + 2 * kv_heads, unit = block_x() * (threads() / WARP) + thread() / WARP, lane = thread() % WARP;
    if (unit >= tokens * all) { return; }  // the whole warp, here as below
    int row = unit / all, head = unit % all;
    int kind = head < heads ? 0 : head < heads + kv_heads ? 1 : 2;
    X* from = projected + row * stride + (i64)head * head_size;
    int slot = kind == 0 ? 0 : slots[row];
    if (kind != 0 && (u32)slot >= (u32)slot_count) { return; }
    float a[PAIRS], b[PAIRS];
    OCTAVO_UNROLL
    for (int k = 0; k < PAIRS; k++) {
        Pair p = pair_of(lane + k * WARP, r);
        a[k] = p.first < head_size ? to_float(from[p.first]) : 0.0f;
        b[k] = p.second < head_size ? to_float(from[p.second]) : 0.0f;
    }
    u32 infinite = cache == CACHE_BF16 ? Infinite<bfloat16>::FROM : cache == CACHE_F16 ? Infinite<float16>::FROM : Infinite<float>::FROM;
    bool spoiled = kind != 0 && is_spoiled(from + (kind == 1 ? kv_heads * head_size : 0), head_size, infinite);
    const float* norm = kind == 0 ? query_norm : kind == 1 ? key_norm : nullptr;
    if (norm) {
        float sum = 0.0f;
        OCTAVO_UNROLL
        for (int k = 0; k < PAIRS; k++) { sum = multiply_add(a[k], a[k], multiply_add(b[k], b[k], sum)); }
        float scale = divide(1.0f, square_root(add_exact(divide(warp_reduce<Sum>(sum), (float)head_size), epsilon)));
        OCTAVO_UNROLL
        for (int k = 0; k < PAIRS; k++) {
            Pair p = pair_of(lane + k * WARP, r);
            if (p.first < head_size) { a[k] = a[k] * scale * norm[p.first]; }
            if (p.second < head_size) { b[k] = b[k] * scale * norm[p.second]; }
        }
    }
    if (kind != 2) {
        int position = r.positions[row], half = r.rotary / 2;
        bool known = (u32)position < (u32)r.table_rows;
        const float* angles = r.table + (known ? position : 0) * r.table_stride;
        OCTAVO_UNROLL
        for (int k = 0; k < PAIRS; k++) {
            int p = lane + k * WARP;
            if (p < half) {
                float c = known ? angles[p] : quiet_nan(), s = known ? angles[half + p] : quiet_nan(), first = a[k], second = b[k];
                a[k] = add_exact(multiply_exact(first, c), -multiply_exact(second, s));
                b[k] = add_exact(multiply_exact(second, c), multiply_exact(first, s));
            }
        }
    }
    if (kind == 0) { store_numbers(a, b, head_size, r, from); return; }
    OCTAVO_UNROLL
    for (int k = 0; k < PAIRS; k++) {
        a[k] = !spoiled ? a[k] : kind == 1 ? quiet_nan() : 0.0f;
        b[k] = !spoiled ? b[k] : kind == 1 ? quiet_nan() : 0.0f;
    }
    int kv_head = head - heads - (kind == 2 ? kv_heads : 0), block = slot / block_size, offset = slot % block_size;
    i64 at = (((i64)block * kv_heads + kv_head) * block_size + offset) * head_size;
    void* to = kind == 1 ? keys : values;
    float* scale = scales + (((i64)block * 2 + (kind - 1)) * kv_heads + kv_head) * block_size + offset;
    switch (cache) {
        case CACHE_F32: store_numbers(a, b, head_size, r, (float*)to + at); break;
        case CACHE_BF16: store_numbers(a, b, head_size, r, (bfloat16*)to + at); break;
        case CACHE_F16: store_numbers(a, b, head_size, r, (float16*)to + at); break;
        case CACHE_I8: store_codes<Int8>(a, b, head_size, r, (u8*)to + at, scale); break;
        default: store_codes<Float8>(a, b, head_size, r, (u8*)to + at, scale); break;
    }
}
#define OCTAVO_ROTATE_STORE(name, X) \
    OCTAVO_KERNEL(name, 128, (X* projected, i64 stride, int tokens, int heads, int kv_heads, int head_size, const float* query_norm, const float* key_norm, float epsilon, const int* positions, const float* table, i64 table_stride, int table_rows, int rotary, int interleaved, void* keys, void* values, float* scales, int cache, const int* slots, int block_size, int slot_count)) { \
        Rotation r = {positions, table, table_stride, table_rows, rotary, interleaved}; \
        rotate_store(projected, stride, tokens, heads, kv_heads, head_size, query_norm, key_norm, epsilon, r, keys, values, scales, cache, slots, block_size, slot_count); \
    }
OCTAVO_ROTATE_STORE(octavo_rotate_store_f32, float)
OCTAVO_ROTATE_STORE(octavo_rotate_store_bf16, bfloat16)
OCTAVO_ROTATE_STORE(octavo_rotate_store_f16, float16)
