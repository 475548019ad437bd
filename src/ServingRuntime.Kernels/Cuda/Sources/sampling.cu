// Tokens drawn from logits under temperature, min-p, top-k and top-p, in that order, each over what the one before leaves, without sorting: what TokenPicker of the engine does on the host.
// Tokens are ranked by weight, e^((logit - max) / temperature), then by lower id. One block a row, so a token depends on its own row alone. All sums are whole numbers, a weight of 1 being 2^42, so
// their order does not matter: neither runs nor the number of threads, a power of two, change anything. What weighs less than 2^-42 is never drawn.
#include "reduce.cuh"
using namespace octavo;

constexpr int DIGIT = 10, BINS = 1 << DIGIT, WEIGHT_BITS = 30;

// As the host lays it out. top_k from 1 to the width - 1, top_p below 1, min_p above 0; else they keep all.
struct SamplingRow { int row; float temperature; int top_k; float top_p, min_p; int unused; double uniform; };

// What stays: weights whose bits are above bar, and of those that are bar ids up to last.
struct Choice { const float* logits; int width; float max, temperature, least; u32 bar; int last; };

OCTAVO_INLINE float weight_of(const Choice& c, int i) {
    float w = exponential(divide(add_exact(c.logits[i], -c.max), c.temperature));
    return w < c.least ? 0.0f : w < 1.0f ? w : 1.0f;
}
OCTAVO_INLINE u64 mass_of(float weight) { return (u64)multiply_exact(weight, 4398046511104.0f); }
OCTAVO_INLINE bool stays(const Choice& c, u32 bits, int i) { return bits > c.bar || (bits == c.bar && i <= c.last); }

OCTAVO_INLINE u64 shuffle_xor64(u64 x, int mask) { return (u64)shuffle_xor((u32)(x >> 32), mask) << 32 | shuffle_xor((u32)x, mask); }
OCTAVO_INLINE u64 warp_sum(u64 x) {
    OCTAVO_UNROLL
    for (int mask = 1; mask < WARP; mask *= 2) { x += shuffle_xor64(x, mask); }
    return x;
}
// The sum of the lanes before.
OCTAVO_INLINE u64 warp_before(u64 x) {
    u64 before = 0;
    OCTAVO_UNROLL
    for (int mask = 1; mask < WARP; mask *= 2) {
        u64 other = shuffle_xor64(x, mask);
        if (thread() & mask) { before += other; }
        x += other;
    }
    return before;
}

// The bits of a weight, how much there is above it and how much of it.
struct Level { u32 bits; u64 above, ties; bool found; };

// The largest weight such that what stays and weighs as much or more reaches what is wanted: a number of tokens, or a part of their mass, which then becomes a mass. Digit by digit of its bits, the
// highest first.
OCTAVO_INLINE Level descend(const Choice& c, bool masses, double& wanted) {
    OCTAVO_SHARED(u64, bins, BINS);
    OCTAVO_SHARED(u64, warps, WARP);
    OCTAVO_SHARED(u64, hit, 3);
    int lane = thread() % WARP, warp = thread() / WARP, each = BINS / threads();
    Level level = {0, 0, 0, true};
    OCTAVO_ROLLED
    for (int shift = WEIGHT_BITS - DIGIT; shift >= 0; shift -= DIGIT) {
        for (int i = thread(); i < BINS; i += threads()) { bins[i] = 0; }
        if (thread() == 0) { hit[0] = BINS; }
        sync();
        OCTAVO_ROLLED
        for (int i = thread(); i < c.width; i += threads()) {
            float w = weight_of(c, i);
            u64 mass = mass_of(w);
            u32 bits = bits_of(w);
            if (mass && stays(c, bits, i) && bits >> (shift + DIGIT) == level.bits >> (shift + DIGIT)) { add_shared(&bins[bits >> shift & (BINS - 1)], masses ? mass : 1ull); }
        }
        sync();
        // Thread t has the t-th few bins from the top.
        int top = BINS - 1 - thread() * each;
        u64 mine = 0;
        for (int i = 0; i < each; i++) { mine += bins[top - i]; }
        u64 before = warp_before(mine);
        if (lane == WARP - 1) { warps[warp] = before + mine; }
        sync();
        u64 other = lane < threads() / WARP ? warps[lane] : 0ull;
        if (masses && shift == WEIGHT_BITS - DIGIT) { wanted *= (double)warp_sum(other); }
        before += level.above + warp_sum(lane < warp ? other : 0ull);
        if ((double)before < wanted && (double)(before + mine) >= wanted) {
            int bin = top;
            while (bin > 0 && (double)(before + bins[bin]) < wanted) { before += bins[bin--]; }
            hit[0] = (u64)bin;
            hit[1] = before;
            hit[2] = bins[bin];
        }
        sync();
        if (hit[0] == BINS) { level.found = false; return level; }
        level.bits |= (u32)hit[0] << shift;
        level.above = hit[1];
        level.ties = hit[2];
        sync();
    }
    return level;
}

// What an id counts for: as one of the ties of a weight, or, where there are none, by its mass.
OCTAVO_INLINE u64 measure(const Choice& c, u32 ties, int i) {
    float w = weight_of(c, i);
    u32 bits = bits_of(w);
    if (!stays(c, bits, i)) { return 0; }
    return ties ? (bits == ties ? 1ull : 0ull) : mass_of(w);
}

// The id at which the measures of all ids up to it become more than the place: piece by piece, each warp adding up one. Of masses the place is a part of them all.
OCTAVO_INLINE int find(const Choice& c, u32 ties, u64 place, double part) {
    OCTAVO_SHARED(u64, pieces, WARP);
    int lane = thread() % WARP, warp = thread() / WARP, begin = 0, end = c.width;
    OCTAVO_ROLLED
    for (bool first = true;; first = false) {
        int piece = (end - begin + threads() - 1) / threads() * WARP, from = begin + warp * piece, to = from + piece < end ? from + piece : end;
        u64 sum = 0;
        OCTAVO_ROLLED
        for (int i = from + lane; i < to; i += WARP) { sum += measure(c, ties, i); }
        sum = warp_sum(sum);
        if (lane == 0) { pieces[warp] = sum; }
        sync();
        u64 mine = lane < threads() / WARP ? pieces[lane] : 0ull, before = warp_before(mine);
        if (first && !ties) {
            u64 total = warp_sum(mine);
            place = (u64)(part * (double)total);
            place = place < total ? place : total - 1;
        }
        bool inside = before <= place && place < before + mine;
        u32 found = vote(inside);
        place -= warp_sum(inside ? before : 0ull);
        sync();
        if (!found) { return 0; }  // there was nothing to find
        begin += lowest_bit(found) * piece;
        end = begin + piece < end ? begin + piece : end;
        if (piece == WARP) {
            mine = begin + lane < end ? measure(c, ties, begin + lane) : 0ull;
            before = warp_before(mine);
            return begin + lowest_bit(vote(before <= place && place < before + mine));
        }
    }
}

// largest: of each row of the logits, as octavo_arg_max gives it. Instead of a token: -1 where nothing may follow (all logits are -infinity), -2 where the largest is no number.
OCTAVO_KERNEL(octavo_sample, 1024, (const float* logits, i64 stride, int width, const int* largest, const SamplingRow* rows, int* tokens)) {
    const SamplingRow& row = rows[block_x()];
    int best = largest[row.row];
    Choice c = {logits + row.row * stride, width, best < 0 ? quiet_nan() : (logits + row.row * stride)[best], row.temperature, row.min_p, 0, width};
    float infinity = float_of(0x7f800000u);
    if (!(c.max > -infinity && c.max < infinity)) {
        if (thread() == 0) { tokens[block_x()] = c.max == -infinity ? -1 : -2; }
        return;  // the whole block
    }
    // top-k, top-p, the draw: one code for all, or compiling it takes thrice as long.
    OCTAVO_ROLLED
    for (int stage = 0; stage < 3; stage++) {
        u32 bits = 0;
        u64 kept = 1, ties = 0;
        if (stage < 2) {
            bool masses = stage == 1;
            if (masses ? row.top_p >= 1.0f : row.top_k <= 0 || row.top_k >= width) { continue; }
            double wanted = masses ? (double)row.top_p : (double)row.top_k;
            Level level = descend(c, masses, wanted);
            if (!level.found) { continue; }
            bits = level.bits;
            ties = level.ties;
            if (masses) {
                // As few of the ties as reach it, all of one mass.
                u64 mass = mass_of(float_of(bits));
                ties /= mass;
                kept = (u64)((wanted - (double)level.above) / (double)mass);
                kept = kept < 1 ? 1 : kept;
                while (kept < ties && (double)(level.above + kept * mass) < wanted) { kept++; }
            } else {
                kept = (u64)row.top_k - level.above;
            }
            if (kept >= ties) {
                c.last = bits == c.bar ? c.last : width;
                c.bar = bits;
                continue;
            }
        }
        int id = find(c, bits, kept - 1, row.uniform);
        if (bits) {
            c.bar = bits;
            c.last = id;
        } else if (thread() == 0) {
            tokens[block_x()] = id;
        }
    }
}
