// Weights as the left operand of the tensor cores' instruction (16 outputs by 16 inputs), tokens as the right one (8 of them): a step is 32 inputs and two instructions, a quad 64 inputs.
// The order of inputs inside of a step is ours to choose as long as both operands have it: lane l holds the inputs 8 (l % 4) to 8 (l % 4) + 7, so that what it needs of a row for a step lies in 16
// bytes, of activations (token l / 4) as of dense weights (outputs l / 4 and l / 4 + 8). The first four inputs belong to the first instruction.
#pragma once
#include "numbers.cuh"

namespace octavo {
constexpr int STEP = 32, QUAD = 64, TILE_OUTPUTS = 16, TOKENS = 8;

// Element types by their number, where a kernel takes more than one. The host has the same: KernelElement.
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

// How whole numbers become halves without a conversion: the four bits of a number are put into the mantissa of a constant. LOW + v for the lower (or only) four bits, HIGH + 16 v for the upper
// ones; both sums are exact, so a product with them is the product with the number and LOW (HIGH) times the activation, which is taken off again by groups.
template <class E> struct Coded;
template <> struct Coded<bfloat16> {
    static constexpr int TYPE = BFLOAT16, SHIFT = 0;
    static constexpr u32 MASK = 0x000f000fu, LOW = 0x43004300u, HIGH = 0x45004500u, ONES = 0x3f803f80u;
    static constexpr float LOW_VALUE = 128.0f, HIGH_VALUE = 2048.0f;
};
template <> struct Coded<float16> {
    static constexpr int TYPE = FLOAT16, SHIFT = 4;
    static constexpr u32 MASK = 0x00f000f0u, LOW = 0x54005400u, HIGH = 0x64006400u, ONES = 0x3c003c00u;
    static constexpr float LOW_VALUE = 64.0f, HIGH_VALUE = 1024.0f;
};

// Eight activations from `at` on as halves in the order of the instruction; zeros where there are none.
template <class E> OCTAVO_INLINE void load_inputs(u32 (&b)[4], const void* row, int type, int at, bool valid) {
    if (!valid) { b[0] = b[1] = b[2] = b[3] = 0; return; }
    if (type == Coded<E>::TYPE) {
        Quad q = load_quad((const E*)row + at);
        b[0] = q.x; b[1] = q.y; b[2] = q.z; b[3] = q.w;
    } else if (type == FLOAT32) {
        float v[4], w[4];
        load_pack((const float*)row + at, v);
        load_pack((const float*)row + at + 4, w);
        b[0] = Halves<E>::pair(v[0], v[1]); b[1] = Halves<E>::pair(v[2], v[3]);
        b[2] = Halves<E>::pair(w[0], w[1]); b[3] = Halves<E>::pair(w[2], w[3]);
    } else {
        OCTAVO_UNROLL
        for (int i = 0; i < 4; i++) { b[i] = Halves<E>::pair(load_as(row, type, at + 2 * i), load_as(row, type, at + 2 * i + 1)); }
    }
}

OCTAVO_INLINE void to_words(const Quad& q, u32 (&w)[4]) { w[0] = q.x; w[1] = q.y; w[2] = q.z; w[3] = q.w; }

// One weight as the kernels find it (the host's WeightTable): addresses of the values, of the groups' parameters (0: none) and of the bias (0: none).
struct WeightEntry { u64 values, parameters, bias, reserved; };

// The values of a tile of 16 outputs. Numbers of 4 bits: [tile][quad][lane][16 bytes], word j for instruction j of the quad; its bits 4 i and 16 + 4 i hold element i's lower and upper input, element i
// as the instruction counts them (0: output l / 4, 1: the output 8 further on, 2 and 3: the next two inputs). Of 8 bits: two such quads, first the lower halves.
// A lane copies what it reads itself, so its own wait suffices.
template <class E, int BITS> struct PackedTile {
    static constexpr int QUADS = BITS / 4, PLANES = BITS / 4;
    static constexpr bool SCALED = true;
    static constexpr float BIAS = BITS == 4 ? Coded<E>::LOW_VALUE : Coded<E>::LOW_VALUE + Coded<E>::HIGH_VALUE;
    const u8* lane_values;

    OCTAVO_INLINE_MEMBER void open(const void* values, int tile, int quads, int, int) { lane_values = (const u8*)values + ((i64)tile * quads * QUADS * WARP + thread() % WARP) * 16; }
    OCTAVO_INLINE_MEMBER void copy(shared_address to, int quad) const {
        OCTAVO_UNROLL
        for (int p = 0; p < QUADS; p++) { copy_async16(to + p * WARP * 16 + thread() % WARP * 16, lane_values + ((i64)quad * QUADS + p) * (WARP * 16), true); }
    }
    OCTAVO_INLINE_MEMBER void load(int quad, u32 (&w)[QUADS][4]) const {
        OCTAVO_UNROLL
        for (int p = 0; p < QUADS; p++) { to_words(load_quad_once(lane_values + ((i64)quad * QUADS + p) * (WARP * 16)), w[p]); }
    }
    static OCTAVO_INLINE_MEMBER void expand(const u32 (&w)[QUADS][4], int j, int plane, u32 (&a)[4]) {
        OCTAVO_UNROLL
        for (int i = 0; i < 4; i++) {
            u32 word = w[plane][j];
            u32 moved = 4 * i < Coded<E>::SHIFT ? word << (Coded<E>::SHIFT - 4 * i) : word >> (4 * i - Coded<E>::SHIFT);
            a[i] = (moved & Coded<E>::MASK) | (plane ? Coded<E>::HIGH : Coded<E>::LOW);
        }
    }
    // The same numbers plainly: of output l / 4 (+ 8 where half is 1) those of step `step`.
    static OCTAVO_INLINE_MEMBER void numbers(const u32 (&w)[QUADS][4], int step, int half, float (&v)[8]) {
        OCTAVO_UNROLL
        for (int k = 0; k < 8; k++) {
            int shift = 4 * (half + k / 2 % 2 * 2) + k % 2 * 16;
            u32 number = w[0][2 * step + k / 4] >> shift & 15u;
            if (QUADS > 1) { number |= (w[QUADS - 1][2 * step + k / 4] >> shift & 15u) << 4; }
            v[k] = (float)(int)number;
        }
    }
};

// Dense rows [outputs, inputs] of E; rows and inputs beyond the end are zero.
template <class E> struct DenseTile {
    static constexpr int QUADS = 4, PLANES = 1;
    static constexpr bool SCALED = false;
    static constexpr float BIAS = 0.0f;
    const E* rows;
    int inputs, left;

    OCTAVO_INLINE_MEMBER void open(const void* values, int tile, int, int all_inputs, int outputs) {
        int row = tile * TILE_OUTPUTS + thread() % WARP / 4;
        inputs = all_inputs;
        left = outputs - row;
        rows = (const E*)values + (left > 0 ? (i64)row * inputs : 0);
    }
    OCTAVO_INLINE_MEMBER void copy(shared_address to, int quad) const {
        OCTAVO_UNROLL
        for (int p = 0; p < QUADS; p++) {
            int at = quad * QUAD + p / 2 * STEP + thread() % 4 * 8;
            bool inside = at < inputs && p % 2 * 8 < left;
            copy_async16(to + p * WARP * 16 + thread() % WARP * 16, inside ? rows + (i64)(p % 2 * 8) * inputs + at : rows, inside);
        }
    }
    static OCTAVO_INLINE_MEMBER void expand(const u32 (&w)[QUADS][4], int j, int, u32 (&a)[4]) {
        OCTAVO_UNROLL
        for (int i = 0; i < 4; i++) { a[i] = w[j / 2 * 2 + i % 2][j % 2 * 2 + i / 2]; }
    }
};

// What makes numbers weights: (number - zero) · scale - offset, of outputs l / 4 and l / 4 + 8 of a tile. In memory [tile][group][output] as a pair of halves, scale and zero point, or (pitch 128) a pair of
// floats, scale and offset: as small as holds all of a matrix exactly. The pitch is the bytes of a tile's group.
struct Parameters {
    static constexpr int HALVES = TILE_OUTPUTS * 4, FLOATS = TILE_OUTPUTS * 8;
    float scale[2], zero[2], offset[2];
    OCTAVO_INLINE_MEMBER void load(const u8* of_group, int pitch) {
        OCTAVO_UNROLL
        for (int i = 0; i < 2; i++) {
            int at = thread() % WARP / 4 + 8 * i;
            if (pitch == FLOATS) {
                scale[i] = ((const float*)of_group)[2 * at];
                zero[i] = 0.0f;
                offset[i] = ((const float*)of_group)[2 * at + 1];
            } else {
                u32 packed = ((const u32*)of_group)[at];
                scale[i] = float_of_half((u16)packed);
                zero[i] = float_of_half((u16)(packed >> 16));
                offset[i] = 0.0f;
            }
        }
    }
    // The group's part of a sum, d being the sum of (bias + number) · x and inputs the sum of x.
    OCTAVO_INLINE_MEMBER float add(int i, float d, float inputs, float bias, float sum) const {
        return multiply_add(-offset[i], inputs, multiply_add(scale[i], multiply_add(-(zero[i] + bias), inputs, d), sum));
    }
    OCTAVO_INLINE_MEMBER float weight(int i, float number) const { return add_exact(multiply_exact(add_exact(number, -zero[i]), scale[i]), -offset[i]); }
};

// The quads of one tile and the parameters of the groups that end in them, on their way into shared memory of the one warp that reads them: a stage is a quad. Ends are counted as they are asked for.
template <class TILE> struct Stages {
    static constexpr int VALUE_BYTES = TILE::QUADS * WARP * 16, BYTES = VALUE_BYTES + (TILE::SCALED ? 2 * Parameters::FLOATS : 0);
    TILE tile;
    const u8* parameters;
    int end_step, group_steps, pitch, left;

    // From step 2 · begin to 2 · end.
    OCTAVO_INLINE_MEMBER void open(const TILE& of, const void* all_parameters, int tile_at, int begin, int end, int steps, int groups, int parameter_pitch) {
        tile = of;
        pitch = parameter_pitch;
        end_step = 2 * end;
        group_steps = steps;
        left = TILE::SCALED ? steps - 2 * begin % steps : 0;
        parameters = TILE::SCALED ? (const u8*)all_parameters + ((i64)tile_at * groups + 2 * begin / steps) * parameter_pitch : nullptr;
    }
    OCTAVO_INLINE_MEMBER void copy(shared_address to, int quad) {
        tile.copy(to, quad);
        if constexpr (TILE::SCALED) { copy_parameters(to, quad); }
    }
    OCTAVO_INLINE_MEMBER void copy_parameters(shared_address to, int quad) {
        OCTAVO_UNROLL
        for (int step = 0; step < 2; step++) {
            bool ends = --left == 0;
            int lane = thread() % WARP;
            if ((ends || 2 * quad + step + 1 == end_step) && lane * 16 < pitch) { copy_async16(to + VALUE_BYTES + step * Parameters::FLOATS + lane * 16, parameters + lane * 16, true); }
            if (ends) { left = group_steps; parameters += pitch; }
        }
    }
    static OCTAVO_INLINE_MEMBER void read(const u8* stage, u32 (&w)[TILE::QUADS][4]) {
        OCTAVO_UNROLL
        for (int p = 0; p < TILE::QUADS; p++) { to_words(load_quad(stage + (p * WARP + thread() % WARP) * 16), w[p]); }
    }
};
}  // namespace octavo
