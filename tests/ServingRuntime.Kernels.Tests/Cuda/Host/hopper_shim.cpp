// Warpgroups, their products and barriers in shared memory, for hopper_shim.hpp.
#include "hopper.cuh"
#include "host_run.hpp"
#include <cstring>
#include <deque>
#include <map>
#include <vector>

namespace octavo_host {
constexpr int GROUP = 128;
constexpr u32 POISON = 0x7fc0dead;

struct Barrier { int arrivals, missing; u32 phase; };
struct Meeting { int count, here; u32 times; };
static std::map<u32, Barrier> barriers;
static std::map<int, Meeting> meetings;

// Pieces of 16 bytes of shared memory that were stored, and by whom (1 + thread), but not fenced; and the pieces of each thread.
static std::vector<u16> unfenced;
static std::vector<std::vector<u32>> pieces_of;

struct Bytes { u32 address; u8 data[16]; };
struct Issued {
    float* d[GROUP];
    const u32* registers[GROUP];
    u32 values[GROUP][4];
    int count;  // floats of each thread's accumulator
    std::vector<Bytes> read;
};
struct Pending { std::vector<float> values; int open; };  // what an accumulator will be, and products that still make it
struct Warpgroup {
    Product mine[GROUP];
    u32 waits[GROUP];
    int here = 0;
    u32 times = 0;
    int kind = 0;
    bool begun = false;
    std::deque<Issued> issued;
    std::vector<int> groups;  // numbers of products, committed
    int open = 0;
    std::map<float*, Pending> pending;
};
static std::vector<Warpgroup> warpgroups;

void begin_block(int threads, u64 bytes) {
    barriers.clear();
    meetings.clear();
    unfenced.assign(bytes / 16 + 1, 0);
    pieces_of.resize(threads);
    for (auto& pieces : pieces_of) { pieces.clear(); }
    warpgroups.clear();
    warpgroups.resize(threads / GROUP);
}

void written(u32 offset) {
    unfenced[offset / 16] = (u16)(1 + current_thread);
    pieces_of[current_thread].push_back(offset / 16);
}
void fence_for_products() {
    for (u32 piece : pieces_of[current_thread]) { if (unfenced[piece] == 1 + current_thread) { unfenced[piece] = 0; } }
    pieces_of[current_thread].clear();
}

static Barrier& barrier_at(u32 address) {
    auto found = barriers.find(address);
    if (found == barriers.end()) { fail("a barrier in shared memory that nobody has begun"); }
    return found->second;
}
void barrier_begin(u32 address, int arrivals) {
    if (address % 8) { fail("a barrier at an address that is no multiple of 8"); }
    barriers[address] = {arrivals, arrivals, 0};
}
void barrier_arrive(u32 address) {
    Barrier& barrier = barrier_at(address);
    if (--barrier.missing == 0) {
        barrier.missing = barrier.arrivals;
        barrier.phase++;
    }
}
void barrier_wait(u32 address, u32 parity) {
    Barrier* barrier = &barrier_at(address);
    wait_until([=] { return (barrier->phase & 1) != parity; }, "a wait for a barrier in shared memory that nobody can end");
}
void meet(int number, int count) {
    if (number < 1 || number > 15 || count % 32) { fail("barriers that threads meet at are 1 to 15, and whole warps do"); }
    Meeting* meeting = &meetings.try_emplace(number, Meeting{count, 0, 0}).first->second;
    if (meeting->count != count) { fail("threads that meet at a barrier expect different numbers"); }
    if (++meeting->here == count) { meeting->here = 0; meeting->times++; return; }
    u32 times = meeting->times;
    wait_until([=] { return meeting->times != times; }, "a barrier was not reached by all who should meet there");
}

// Runs the work once, by the last thread of the warpgroup that comes; all wait for it.
template <class F> static void together(int kind, F work) {
    Warpgroup* group = &warpgroups.at(current_thread / GROUP);
    if (group->here == 0) { group->kind = kind; }
    if (group->kind != kind) { fail("threads of a warpgroup are at different instructions"); }
    if (++group->here == GROUP) {
        group->here = 0;
        work(*group);
        group->times++;
        return;
    }
    u32 times = group->times;
    wait_until([=] { return group->times != times; }, "an instruction was reached by a part of a warpgroup");
}

void set_registers(int count, bool) {
    if (count % 8 || count < 24 || count > 256) { fail("registers of a thread are a multiple of 8 from 24 to 256"); }
    together(1, [](Warpgroup&) {});
}
void products_begin() { together(2, [](Warpgroup& group) { group.begun = true; }); }
void products_commit() {
    together(3, [](Warpgroup& group) {
        group.groups.push_back(group.open);
        group.open = 0;
    });
}

// Row r of 64 or column of the operand, inner element k of 16: the address as the descriptor has it (PTX ISA, "Strides" and "Canonical layouts"), then bits 4 to 6 are exchanged by bits 7 to 9.
static float element(u64 descriptor, int r, int k, bool rows_together, bool halves, Issued& into) {
    if (descriptor >> 62 != 1) { fail("an operand of a product that is not swizzled by 128 bytes"); }
    u32 address = (u32)(descriptor & 0x3fff) << 4, leading = (u32)(descriptor >> 16 & 0x3fff) << 4, stride = (u32)(descriptor >> 32 & 0x3fff) << 4;
    u32 linear = rows_together ? address + r / 64 * leading + k / 8 * stride + k % 8 * 128 + r % 64 * 2 : address + r / 8 * stride + r % 8 * 128 + k * 2;
    u32 at = linear ^ (linear >> 7 & 7) << 4;
    const u8* piece = shared_at(at & ~15u, 16);
    if (unfenced[at / 16]) { fail("an operand of a product was stored without a fence"); }
    if (into.read.empty() || into.read.back().address != (at & ~15u)) {
        Bytes bytes = {at & ~15u, {}};
        std::memcpy(bytes.data, piece, 16);
        into.read.push_back(bytes);
    }
    u16 bits;
    std::memcpy(&bits, piece + at % 16, 2);
    return halves ? octavo::float_of_half(bits) : octavo::float_of((u32)bits << 16);
}

static void multiply(const float (*a)[16], const float* b, int row, int column, float* sums) {
    for (int e = 0; e < 4; e++) {
        const float *x = a[row + e / 2 * 8], *y = b + (column + e % 2) * 16;
        float sum = sums[e];
        for (int k = 0; k < 16; k++) { sum += x[k] * y[k]; }
        sums[e] = sum;
    }
}

static void issue(Warpgroup& group) {
    const Product& first = group.mine[0];
    if (!group.begun) { fail("a product without products_begin() before it"); }
    Issued issued;
    issued.count = first.columns / 2;
    for (int t = 0; t < GROUP; t++) {
        const Product& p = group.mine[t];
        if (p.columns != first.columns || p.b != first.b || p.add != first.add || p.halves != first.halves || !p.registers != !first.registers || (!p.registers && p.a != first.a)) {
            fail("threads of a warpgroup issue different products");
        }
        issued.d[t] = p.d;
        issued.registers[t] = p.registers;
        if (p.registers) { std::memcpy(issued.values[t], p.registers, 16); }
    }
    float a[64][16];
    std::vector<float> b(first.columns * 16);
    for (int t = 0; first.registers && t < GROUP; t++) {
        for (int i = 0; i < 4; i++) {
            for (int k = 0; k < 2; k++) {
                u32 bits = issued.values[t][i] >> 16 * k;
                a[t / 32 * 16 + t % 32 / 4 + (i & 1) * 8][t % 4 * 2 + (i >> 1) * 8 + k] = first.halves ? octavo::float_of_half((u16)bits) : octavo::float_of(bits << 16);
            }
        }
    }
    for (int r = 0; !first.registers && r < 64; r++) { for (int k = 0; k < 16; k++) { a[r][k] = element(first.a, r, k, false, first.halves, issued); } }
    // In the order in which elements lie side by side.
    for (int i = 0; i < 16 * first.columns; i++) {
        int n = first.registers ? i % first.columns : i / 16, k = first.registers ? i / first.columns : i % 16;
        b[n * 16 + k] = element(first.b, n, k, first.registers, first.halves, issued);
    }
    for (int t = 0; t < GROUP; t++) {
        float* d = issued.d[t];
        auto [place, made] = group.pending.try_emplace(d, Pending{{}, 0});
        Pending& pending = place->second;
        if (made) { pending.values.assign(d, d + issued.count); }
        if ((int)pending.values.size() != issued.count) { fail("products of different sizes into one accumulator"); }
        if (!first.add) { pending.values.assign(issued.count, 0.0f); }
        pending.open++;
        for (int j = 0; j < first.columns / 8; j++) { multiply(a, b.data(), t / 32 * 16 + t % 32 / 4, j * 8 + t % 4 * 2, &pending.values[j * 4]); }
        for (int i = 0; i < issued.count; i++) { d[i] = octavo::float_of(POISON); }
    }
    group.issued.push_back(std::move(issued));
    group.open++;
}
void product(const Product& mine) {
    warpgroups.at(current_thread / GROUP).mine[current_thread % GROUP] = mine;
    together(4, issue);
}

static void finish(Warpgroup& group, const Issued& issued) {
    for (auto& piece : issued.read) { if (std::memcmp(shared_at(piece.address, 16), piece.data, 16)) { fail("an operand in shared memory changed before its product was waited for"); } }
    for (int t = 0; t < GROUP; t++) {
        if (issued.registers[t] && std::memcmp(issued.registers[t], issued.values[t], 16)) { fail("an operand in registers changed before its product was waited for"); }
        float* d = issued.d[t];
        Pending& pending = group.pending.at(d);
        if (--pending.open) { continue; }
        for (int i = 0; i < issued.count; i++) { if (octavo::bits_of(d[i]) != POISON) { fail("an accumulator was written before its product was waited for"); } }
        std::memcpy(d, pending.values.data(), issued.count * sizeof(float));
        group.pending.erase(d);
    }
}
void products_wait(int left) {
    warpgroups.at(current_thread / GROUP).waits[current_thread % GROUP] = (u32)left;
    together(5, [](Warpgroup& group) {
        let_others_run();  // products take their time
        for (u32 wait : group.waits) { if (wait != group.waits[0]) { fail("threads of a warpgroup wait for different products"); } }
        while (group.groups.size() > group.waits[0]) {
            for (int i = 0; i < group.groups.front(); i++) {
                finish(group, group.issued.front());
                group.issued.pop_front();
            }
            group.groups.erase(group.groups.begin());
        }
        group.begun = false;
    });
}
}  // namespace octavo_host
