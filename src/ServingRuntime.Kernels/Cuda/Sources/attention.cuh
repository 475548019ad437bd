// What all attention kernels share: which tokens a query sees and where their keys and values lie. Queries and outputs are of any element type, told at the launch.
#pragma once
#include "codes.cuh"
#include "reduce.cuh"

namespace octavo {
// Eight elements of a query as tensor cores multiply them.
template <class E, class X> OCTAVO_INLINE Quad query_piece(const X* from, bool packs) {
    float v[8];
    if (!packs) {
        OCTAVO_UNROLL
        for (int i = 0; i < 8; i++) { v[i] = to_float(from[i]); }
    } else if constexpr (sizeof(X) == 4) {
        load_pack(from, *(float (*)[4])&v[0]);
        load_pack(from + 4, *(float (*)[4])&v[4]);
    } else {
        load_pack(from, v);
    }
    return Quad{Halves<E>::pair(v[0], v[1]), Halves<E>::pair(v[2], v[3]), Halves<E>::pair(v[4], v[5]), Halves<E>::pair(v[6], v[7])};
}

// The sequences of a step: PagedSequences. With group_of: lengths [sequence][group], tables [sequence][group][page] (KeyValueGroups); without, one group.
#define OCTAVO_SEQUENCES_PARAMETERS const int *starts, const int *lengths, const int *tables, i64 table_stride, int sequence_count, const int *group_of, int groups
#define OCTAVO_SEQUENCES Sequences{starts, lengths, tables, table_stride, sequence_count, group_of, groups}
struct Sequences {
    const int *starts, *lengths, *tables;
    i64 table_stride;
    int count;
    const int* group_of;
    int groups;
};

// What one KV head sees of a sequence. Row `row + i` of the queries is token `length - queries + i` of `length`.
struct SequenceView { const int* table; int length, row, queries; };
OCTAVO_INLINE SequenceView view_of(const Sequences& all, int sequence, int kv_head) {
    int group = all.group_of ? all.group_of[kv_head] : 0;
    i64 at = (i64)sequence * all.groups + group;
    int row = all.starts[sequence];
    // A group that there is not: the head sees nothing.
    return {all.tables + at * all.table_stride, (u32)group < (u32)all.groups ? all.lengths[at] : 0, row, all.starts[sequence + 1] - row};
}

// The sequence that a row of the queries belongs to; -1: none, it only fills up the batch.
OCTAVO_INLINE int sequence_of(const Sequences& all, int row) {
    if (row < all.starts[0] || row >= all.starts[all.count]) { return -1; }
    int low = 0, high = all.count - 1;  // the last whose start is not behind the row: those before it with the same start have no rows
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (all.starts[middle] <= row) { low = middle; } else { high = middle - 1; }
    }
    return low;
}

// [block][KV head][slot]: times the head's size, where a token's keys (and values) lie.
OCTAVO_INLINE i64 place_of_token(const int* table, int token, int block_shift, int kv_heads, int kv_head) {
    return (((i64)table[token >> block_shift] * kv_heads + kv_head) << block_shift) + (token & ((1 << block_shift) - 1));
}
// Its scale: [block][keys, values][KV head][slot].
OCTAVO_INLINE i64 scale_of_token(const int* table, int token, int block_shift, int kv_heads, int kv_head, int values) {
    return ((((i64)table[token >> block_shift] * 2 + values) * kv_heads + kv_head) << block_shift) + (token & ((1 << block_shift) - 1));
}

// Below every score: a finite stand-in for minus infinity, so that differences are numbers.
constexpr float LOWEST = -1e30f;

// The natural logarithm of a sum of exponentials: of 2^(score - top), with their sum.
OCTAVO_INLINE float log_sum(float top, float sum) { return sum == 0.0f ? float_of(0xff800000u) : multiply_exact(add_exact(top, log2_fast(sum)), 0.693147181f); }

// A score after its scale and, where there is one, the cap.
OCTAVO_INLINE float capped(float score, float cap) { return cap > 0.0f ? multiply_exact(cap, hyperbolic_tangent(divide(score, cap))) : score; }
}  // namespace octavo
