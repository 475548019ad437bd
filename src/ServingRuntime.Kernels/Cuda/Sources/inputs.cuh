// Activations made ready for products with packed weights, and for those of experts.
#pragma once
#include "fragments.cuh"
#include "reduce.cuh"

namespace octavo {
// Blocks (row, 8 groups), a warp a group: to [rows, positions] = VALUE of x in the order of the weights' positions (map [positions]: the input of each, -1: none; null: position p has input p), rounded to its
// type, and the sums of the rounded activations of each group. Either may have no data.
template <class VALUE> OCTAVO_INLINE void prepare(const Rows& x, int inputs, const int* map, const Rows& to, int positions, const GroupSums& sums, int group_inputs) {
    int group = block_y() * (threads() / WARP) + thread() / WARP, lane = thread() % WARP;
    int begin = group * group_inputs, end = begin + group_inputs < positions ? begin + group_inputs : positions;
    i64 row = block_x();
    float sum = 0.0f;
    for (int at = begin + lane; at < end; at += WARP) {
        int input = map ? map[at] : at < inputs ? at : -1;
        float value = input < 0 ? 0.0f : rounded_as(to.type, VALUE::of(x, row * x.stride, input, inputs));
        if (to.data) { store_as(to.data, to.type, row * to.stride + at, value); }
        sum = add_exact(sum, value);
    }
    sum = warp_reduce<Sum>(sum);
    if (sums.data && lane == 0 && begin < positions) { sums.data[group * sums.rows + row] = sum; }
}

// What stands there.
struct Plain {
    static OCTAVO_INLINE_MEMBER float of(const Rows& x, i64 row, int input, int) { return load_as(x.data, x.type, row + input); }
};

// gate(x[:, :inputs]) · x[:, inputs:].
template <class GATE> struct Gated {
    static OCTAVO_INLINE_MEMBER float of(const Rows& x, i64 row, int input, int inputs) {
        return multiply_exact(GATE::apply(load_as(x.data, x.type, row + input)), load_as(x.data, x.type, row + inputs + input));
    }
};

#define OCTAVO_PREPARE(name, VALUE) \
    OCTAVO_KERNEL(name, 256, (Rows x, int inputs, const int* map, Rows to, int positions, GroupSums sums, int group_inputs)) { prepare<VALUE>(x, inputs, map, to, positions, sums, group_inputs); }
}  // namespace octavo
