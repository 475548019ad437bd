// Keys and values into their slots, rounded to the cache's type: the same bytes that the CPU's backend stores, in another order.
// A block holds [KV head][slot][element] of keys and as many values, so that one head's tokens of one block lie together; eight-bit types have scales [keys, values][KV head][slot].
#include "cache.cuh"
using namespace octavo;

// One warp a head of a token, first all of keys, then of values (grid's y). A slot below 0 stores nothing: rows that only fill up a captured batch; nor does one
// behind the last: nothing may be written there.
struct Place { i64 at; i64 scale; int row, head; bool valid; };
OCTAVO_INLINE Place place_of(const int* slots, int tokens, int heads, int head_size, int block_size, int slot_count) {
    int unit = block_x() * (threads() / WARP) + thread() / WARP;
    Place p = {0, 0, 0, 0, false};
    if (unit >= tokens * heads) { return p; }
    p.row = unit / heads;
    p.head = unit % heads;
    int slot = slots[p.row];
    p.valid = (u32)slot < (u32)slot_count;
    int block = slot / block_size, offset = slot % block_size;
    p.at = (((i64)block * heads + p.head) * block_size + offset) * head_size;
    p.scale = (((i64)block * 2 + block_y()) * heads + p.head) * block_size + offset;
    return p;
}

template <class X, class C>
OCTAVO_INLINE void store_plain(const X* keys, i64 keys_stride, const X* values, i64 values_stride, C* to_keys, C* to_values, const int* slots, int tokens, int heads, int head_size, int block_size, int slot_count) {
    Place p = place_of(slots, tokens, heads, head_size, block_size, slot_count);
    if (!p.valid) { return; }
    const X *value = values + p.row * values_stride + p.head * head_size, *from = block_y() ? value : keys + p.row * keys_stride + p.head * head_size;
    C* to = (block_y() ? to_values : to_keys) + p.at;
    bool spoiled = is_spoiled(value, head_size, Infinite<C>::FROM);
    for (int i = thread() % WARP; i < head_size; i += WARP) { store(to + i, !spoiled ? to_float(from[i]) : block_y() ? 0.0f : quiet_nan()); }
}

template <class X, class C>
OCTAVO_INLINE void store_scaled(const X* keys, i64 keys_stride, const X* values, i64 values_stride, u8* to_keys, u8* to_values, float* scales, const int* slots, int tokens, int heads, int head_size, int block_size, int slot_count) {
    Place p = place_of(slots, tokens, heads, head_size, block_size, slot_count);
    if (!p.valid) { return; }
    const X *value = values + p.row * values_stride + p.head * head_size, *from = block_y() ? value : keys + p.row * keys_stride + p.head * head_size;
    u8* to = (block_y() ? to_values : to_keys) + p.at;
    bool spoiled = is_spoiled(value, head_size, Infinite<float>::FROM);
    // Magnitudes compare like their bits, and NaN is above all: it makes the scale NaN, and with it all that attention computes from the token.
    u32 largest = 0;
    for (int i = thread() % WARP; i < head_size; i += WARP) {
        u32 magnitude = bits_of(to_float(from[i])) & 0x7fffffffu;
        largest = magnitude > largest ? magnitude : largest;
    }
    float magnitude = spoiled ? (block_y() ? 0.0f : quiet_nan()) : float_of(warp_largest(largest));
    bool nothing = magnitude < 1e-30f;  // its reciprocal would not be finite
    float inverse = nothing ? 0.0f : divide(C::TOP, magnitude);
    for (int i = thread() % WARP; i < head_size; i += WARP) { to[i] = nothing ? (u8)0 : C::code(multiply_exact(to_float(from[i]), inverse)); }
    if (thread() % WARP == 0) { scales[p.scale] = nothing ? 0.0f : divide(magnitude, C::TOP); }
}

#define OCTAVO_STORE_PLAIN(name, X, C) \
    OCTAVO_KERNEL(name, 128, (const X* keys, i64 keys_stride, const X* values, i64 values_stride, C* to_keys, C* to_values, float*, const int* slots, int tokens, int heads, int head_size, int block_size, int slot_count)) { \
        store_plain(keys, keys_stride, values, values_stride, to_keys, to_values, slots, tokens, heads, head_size, block_size, slot_count); \
    }
#define OCTAVO_STORE_SCALED(name, X, C) \
    OCTAVO_KERNEL(name, 128, (const X* keys, i64 keys_stride, const X* values, i64 values_stride, u8* to_keys, u8* to_values, float* scales, const int* slots, int tokens, int heads, int head_size, int block_size, int slot_count)) { \
        store_scaled<X, C>(keys, keys_stride, values, values_stride, to_keys, to_values, scales, slots, tokens, heads, head_size, block_size, slot_count); \
    }
OCTAVO_STORE_PLAIN(octavo_store_key_values_f32_f32, float, float)
OCTAVO_STORE_PLAIN(octavo_store_key_values_f32_bf16, float, bfloat16)
OCTAVO_STORE_PLAIN(octavo_store_key_values_f32_f16, float, float16)
OCTAVO_STORE_SCALED(octavo_store_key_values_f32_i8, float, Int8)
OCTAVO_STORE_SCALED(octavo_store_key_values_f32_f8, float, Float8)
OCTAVO_STORE_PLAIN(octavo_store_key_values_bf16_f32, bfloat16, float)
OCTAVO_STORE_PLAIN(octavo_store_key_values_bf16_bf16, bfloat16, bfloat16)
OCTAVO_STORE_PLAIN(octavo_store_key_values_bf16_f16, bfloat16, float16)
OCTAVO_STORE_SCALED(octavo_store_key_values_bf16_i8, bfloat16, Int8)
OCTAVO_STORE_SCALED(octavo_store_key_values_bf16_f8, bfloat16, Float8)
OCTAVO_STORE_PLAIN(octavo_store_key_values_f16_f32, float16, float)
OCTAVO_STORE_PLAIN(octavo_store_key_values_f16_bf16, float16, bfloat16)
OCTAVO_STORE_PLAIN(octavo_store_key_values_f16_f16, float16, float16)
OCTAVO_STORE_SCALED(octavo_store_key_values_f16_i8, float16, Int8)
OCTAVO_STORE_SCALED(octavo_store_key_values_f16_f8, float16, Float8)
