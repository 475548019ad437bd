// How the tokens of a sequence are cut into splits that different blocks attend to, and where their results lie until they are merged.
#pragma once
#include "attention.cuh"

namespace octavo {
constexpr int MOST_SEQUENCES = 512;  // of one launch

// Splits of one launch: sequences first_sequence and the following ones.
#define OCTAVO_SPLITS_PARAMETERS int first_sequence, int launch_sequences, int at_most, int least_tokens, int most_splits, int split_room, float *partials
#define OCTAVO_SPLITS SplitCall{first_sequence, launch_sequences, at_most, least_tokens, most_splits, split_room, partials}
struct SplitCall {
    int first_sequence, sequences;
    int at_most;       // queries of a sequence; those of more are another kernel's. Partial results have room for so many of each
    int least_tokens;  // of a split, a multiple of 64
    int most_splits;   // of a sequence, and one more where a window begins within a split
    int room;          // splits of a query that partial results have room for
    float* partials;   // [sequence][query][head][split][D] of sums, then as many [2] of states
};

// Splits are numbered from the sequence's beginning on: `count` from `first`, each of `tokens`.
struct Splits { int tokens, first, count; };
OCTAVO_INLINE Splits splits_of(const SequenceView& view, int window, const SplitCall& call) {
    int begin = window > 0 && view.length - view.queries + 1 > window ? view.length - view.queries + 1 - window : 0;
    int step = call.least_tokens * call.most_splits, seen = view.length - begin;
    Splits s = {seen > step ? (seen + step - 1) / step * call.least_tokens : call.least_tokens, 0, 1};
    for (;; s.tokens *= 2) {
        s.first = begin / s.tokens;
        s.count = view.length > 0 ? (view.length - 1) / s.tokens - s.first + 1 : 1;
        // A sequence longer than the host said still finds room.
        if (s.count <= call.room || s.count == 1) { return s; }
    }
}

// Blocks' worth of work of the launch's sequence i: KV heads x splits x tiles of rows; the same splits for all heads, so that some may find nothing where groups keep different numbers of tokens.
OCTAVO_INLINE int items_of(const Sequences& all, const SplitCall& call, int i, int kv_heads, int window, int group) {
    if (i >= call.sequences) { return 0; }
    int sequence = call.first_sequence + i, queries = all.starts[sequence + 1] - all.starts[sequence], most = 1;
    if (queries <= 0 || queries > call.at_most) { return 0; }
    for (int g = 0; g < all.groups; g++) {
        int count = splits_of({nullptr, all.lengths[(i64)sequence * all.groups + g], 0, queries}, window, call).count;
        most = count > most ? count : most;
    }
    return kv_heads * most * ((queries * group + 15) / 16);
}

struct Partial { float *sums, *state; };
OCTAVO_INLINE Partial partial_of(const SplitCall& call, int sequence, int query, int head, int heads, int split, int head_size) {
    i64 at = (((i64)(sequence - call.first_sequence) * call.at_most + query) * heads + head) * call.room + split, all = (i64)call.sequences * call.at_most * heads * call.room;
    return {call.partials + at * head_size, call.partials + all * head_size + 2 * at};
}
}  // namespace octavo
