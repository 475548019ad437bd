// Weights as the left operand of the tensor cores' instruction (16 outputs by 16 inputs), tokens as the right one (8 of them): a step is 32 inputs and two instructions, a quad 64 inputs.
// The order of inputs inside of a step is ours to choose as long as both operands have it: lane l holds the inputs 8 (l % 4) to 8 (l % 4) + 7, so that what it needs of a row for a step lies in 16
// bytes, of activations (token l / 4) as of dense weights (outputs l / 4 and l / 4 + 8). The first four inputs belong to the first instruction.
#pragma once
#include "numbers.cuh"

namespace octavo {
constexpr int STEP = 32, QUAD = 64, TILE_OUTPUTS = 16, TOKENS = 8;

// How whole numbers become halves without a conversion: the four bits of a number are put into the mantissa of a constant. LOW + v for the lower (or only) four bits; HIGH + 16 v for the upper, of which HIGH + 128
// is taken off at once, exactly: so what products with constants add to a sum is not many times what it is to be. A product with them is the product with the number and a bias times the activation, which is
// taken off again by groups.
template <class E> struct Coded;
template <> struct Coded<bfloat16> {
    static constexpr int SHIFT = 0;
    static constexpr u32 MASK = 0x000f000fu, LOW = 0x43004300u, HIGH = 0x45004500u, LESS = 0xc508c508u, ONES = 0x3f803f80u;
    static constexpr float LOW_VALUE = 128.0f;
};
template <> struct Coded<float16> {
    static constexpr int SHIFT = 4;
    static constexpr u32 MASK = 0x00f000f0u, LOW = 0x54005400u, HIGH = 0x64006400u, LESS = 0xe480e480u, ONES = 0x3c003c00u;
    static constexpr float LOW_VALUE = 64.0f;
};

OCTAVO_INLINE void to_words(const Quad& q, u32 (&w)[4]) { w[0] = q.x; w[1] = q.y; w[2] = q.z; w[3] = q.w; }

// Rows of activations, so many elements apart.
struct Rows { void* data; i64 stride; int type; };

// The sums of each group of a row's activations: [groups, rows], rows being how many there is room for.
struct GroupSums { float* data; i64 rows; };

// A matrix of weights in the order of the kernels: groups of so many steps, pitch bytes of parameters for a tile's group.
struct MatrixShape { int inputs, outputs, quads, group_steps, groups, pitch; };

// Which of many experts' rows a tile has: places[m] = {expert, first} names rows list[expert · pitch + first] and on, as far as counts[expert] goes; an expert below 0 is a tile that is not needed. Row r reads
// row r / divisor of the activations and is stored as itself. Without a list tile m has the rows from where the tiles before it end on, of the one weight that there is.
struct Choices { const int* list; i64 pitch; const int* counts; const int* places; int divisor; };

// One weight as the kernels find it: addresses of the values, of the groups' parameters (0: none) and of the bias (0: none).
struct WeightEntry { u64 values, parameters, bias, reserved; };

// The values of a tile of 16 outputs. Numbers of 4 bits: [tile][quad][lane][16 bytes], word j for instruction j of the quad; its bits 4 i and 16 + 4 i hold element i's lower and upper input, element i
// as the instruction counts them (0: output l / 4, 1: the output 8 further on, 2 and 3: the next two inputs). Of 8 bits: two such quads, first the lower halves.
template <class E, int BITS> struct PackedTile {
    static constexpr int QUADS = BITS / 4, PLANES = BITS / 4;
    static constexpr bool SCALED = true;
    static constexpr float BIAS = BITS == 4 ? Coded<E>::LOW_VALUE : Coded<E>::LOW_VALUE - 128.0f;
    const u8* lane_values;

    OCTAVO_INLINE_MEMBER void open(const void* values, int tile, const MatrixShape& shape) { lane_values = (const u8*)values + ((i64)tile * shape.quads * QUADS * WARP + thread() % WARP) * 16; }
    // Quads are counted from here on, so many further.
    OCTAVO_INLINE_MEMBER void advance(int quads) { lane_values += (i64)quads * (QUADS * WARP * 16); }
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
            a[i] = masked_or(moved, Coded<E>::MASK, plane ? Coded<E>::HIGH : Coded<E>::LOW);
            if (plane) { a[i] = Halves<E>::multiply_add(a[i], Coded<E>::ONES, Coded<E>::LESS); }
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

    OCTAVO_INLINE_MEMBER void open(const void* values, int tile, const MatrixShape& shape) {
        int row = tile * TILE_OUTPUTS + thread() % WARP / 4;
        inputs = shape.inputs;
        left = shape.outputs - row;
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

// What makes numbers weights: (number - zero) · scale - offset, of outputs l / 4 and l / 4 + 8 of a tile. In memory [tile][group][8][2] for the outputs o and o + 8, each a pair of halves, scale and zero
// point, or (pitch 128) a pair of floats, scale and offset: as small as holds all of a matrix exactly. The pitch is the bytes of a tile's group.
struct Parameters {
    static constexpr int HALVES = TILE_OUTPUTS * 4, FLOATS = TILE_OUTPUTS * 8;
    float scale[2], constant[2];

    // Bytes from a group's beginning on to what the lane needs of it: 8 or 16.
    static OCTAVO_INLINE_MEMBER int of_lane(int pitch) { return thread() % WARP / 4 * (pitch / 8); }
    OCTAVO_INLINE_MEMBER void load(const u8* of_group, int pitch, float bias) {
        const u32* words = (const u32*)(of_group + of_lane(pitch));
        unpack(pitch == FLOATS ? Quad{words[0], words[1], words[2], words[3]} : Quad{words[0], words[1], 0, 0}, pitch, bias);
    }
    // Of numbers that have a bias: (bias + number) · scale + constant is the weight.
    OCTAVO_INLINE_MEMBER void unpack(Quad words, int pitch, float bias) {
        if (pitch == FLOATS) {
            scale[0] = float_of(words.x);
            scale[1] = float_of(words.z);
            constant[0] = multiply_add(-bias, scale[0], -float_of(words.y));
            constant[1] = multiply_add(-bias, scale[1], -float_of(words.w));
        } else {
            scale[0] = float_of_half((u16)words.x);
            scale[1] = float_of_half((u16)words.y);
            constant[0] = multiply_exact(-add_exact(bias, float_of_half((u16)(words.x >> 16))), scale[0]);
            constant[1] = multiply_exact(-add_exact(bias, float_of_half((u16)(words.y >> 16))), scale[1]);
        }
    }
    // With the group's part of a sum, d being the sum of (bias + number) · x and inputs the sum of x.
    OCTAVO_INLINE_MEMBER float add(int i, float d, float inputs, float sum) const { return multiply_add(scale[i], d, multiply_add(constant[i], inputs, sum)); }
    // Of a number without a bias.
    OCTAVO_INLINE_MEMBER float weight(int i, float number) const { return multiply_add(number, scale[i], constant[i]); }
};

// The quads of one tile and the parameters of the groups that end in them, on their way into shared memory of the one warp that reads them: a stage is a quad. Ends are counted as they are asked for.
template <class TILE> struct Stages {
    static constexpr int VALUE_BYTES = TILE::QUADS * WARP * 16, BYTES = VALUE_BYTES + (TILE::SCALED ? 2 * Parameters::FLOATS : 0);
    TILE tile;
    const u8* parameters;
    int end_step, group_steps, pitch, left;

    // From step 2 · begin, with which a group begins, to 2 · end.
    OCTAVO_INLINE_MEMBER void open(const void* values, const void* all_parameters, int tile_at, int begin, int end, const MatrixShape& shape) {
        tile.open(values, tile_at, shape);
        pitch = shape.pitch;
        end_step = 2 * end;
        group_steps = shape.group_steps;
        left = group_steps;
        parameters = TILE::SCALED ? (const u8*)all_parameters + ((i64)tile_at * shape.groups + 2 * begin / group_steps) * pitch : nullptr;
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
