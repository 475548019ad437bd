// The scheduler of host_shim.hpp: fibers, barriers, warp collectives, held-back copies. One launch at a time (the driver has a lock).
#include "device.cuh"
#include "host_run.hpp"
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace octavo_host {
Registered* Registered::first = nullptr;
Registered::~Registered() {
    Registered** at = &first;
    while (*at != this) { at = &(*at)->next; }
    *at = next;
}
int current_thread, block_threads, block_id[3], grid_size[3];

// Switching by ucontext makes two system calls each time; on x86-64 a dozen instructions do it.
#if defined(__x86_64__)
extern "C" __attribute__((visibility("hidden"))) void octavo_host_switch(void** from, void* to);
__asm__(".text\n.hidden octavo_host_switch\n.globl octavo_host_switch\n.type octavo_host_switch,@function\noctavo_host_switch:\n"
        " pushq %rbp\n pushq %rbx\n pushq %r12\n pushq %r13\n pushq %r14\n pushq %r15\n movq %rsp,(%rdi)\n movq %rsi,%rsp\n"
        " popq %r15\n popq %r14\n popq %r13\n popq %r12\n popq %rbx\n popq %rbp\n ret\n.size octavo_host_switch,.-octavo_host_switch\n");
struct Context {
    void* stack = nullptr;
    void make(u8* memory, size_t size, void (*run)()) {
        auto** top = (void**)((((uintptr_t)memory + size) & ~(uintptr_t)15) - 8);
        *--top = (void*)run;
        for (int i = 0; i < 6; i++) { *--top = nullptr; }
        stack = top;
    }
};
static void change(Context& from, Context& to) { octavo_host_switch(&from.stack, to.stack); }
#else
struct Context {
    ucontext_t state;
    void make(u8* memory, size_t size, void (*run)()) {
        getcontext(&state);
        state.uc_stack.ss_sp = memory;
        state.uc_stack.ss_size = size;
        state.uc_link = nullptr;
        makecontext(&state, run, 0);
    }
};
static void change(Context& from, Context& to) { swapcontext(&from.state, &to.state); }
#endif

enum class Wait { None, Block, Warp, Until, Asleep, Done };
struct Copy { u8* to; u8 data[16]; };
struct Fiber {
    Context context;
    Wait wait = Wait::None;
    void (*collective)(int warp) = nullptr;
    u32 in[16], out[8];
    const u8* row = nullptr;
    std::function<bool()> until;
    const char* otherwise = nullptr;
    std::vector<Copy> copies;  // those of the groups, the oldest first, then those that belong to none yet
    std::vector<int> groups;
    int grouped = 0;
};
struct StaticArray { const void* key; u64 offset; };

constexpr size_t STACK = 128 << 10, STATIC_LIMIT = 48 << 10;
// Shared memory of a block in all: of every device that kernels are for, the least of which have 99 KiB (compute capability 8.6 and 8.9), and of the one that products of warpgroups are for.
constexpr size_t SHARED_LIMIT = 99 << 10, SHARED_LIMIT_OF_WARPGROUPS = 227 << 10;
static std::vector<Fiber> fibers;
static std::vector<u8> shared_memory;
static std::vector<StaticArray> static_arrays;
static u64 dynamic_bytes, static_end;
static Context scheduler;
static int ready[32], ready_count, next_ready;  // lanes of the warp that runs, in the order in which they do
static const Registered* kernel;
static void* const* kernel_parameters;
static const char* failure;

// What decides who runs next (xorshift64*).
static struct Order {
    u64 state;
    u32 operator()() {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return (u32)(state * 2685821657736338717ull >> 32);
    }
    u32 below(u32 limit) { return (u32)((u64)(*this)() * limit >> 32); }
    template <class T> void shuffle(T* values, u32 count) { for (u32 i = count; i > 1; i--) { std::swap(values[i - 1], values[below(i)]); } }
} order;

// Some orders of 32 lanes: drawing one anew at each step would take longer than the step.
static const struct Orders {
    u8 lanes[256][32];
    Orders() {
        Order mixed{42};
        for (auto& one : lanes) {
            for (u8 l = 0; l < 32; l++) { one[l] = l; }
            mixed.shuffle(one, 32);
        }
    }
} orders;

void fail(const char* what) { throw what; }

// To the next lane that is ready, or back to the scheduler.
static void leave(Wait wait) {
    Fiber& fiber = fibers[current_thread];
    fiber.wait = wait;
    if (next_ready == ready_count || failure) { change(fiber.context, scheduler); return; }
    current_thread = ready[next_ready++];
    change(fiber.context, fibers[current_thread].context);
}

static void run_fiber() {
    try { kernel->invoke(kernel_parameters); }
    catch (const char* what) { failure = what; }
    leave(Wait::Done);
}

// Kept for the process and never cleared.
static u8* stack_of(size_t thread) {
    static std::vector<u8*> stacks;
    while (stacks.size() <= thread) { stacks.push_back((u8*)std::malloc(STACK)); }
    return stacks[thread];
}

// Lets a warp run as far as it can: to its next collective, which is done with the next step. False where it cannot move.
static bool step(int warp) {
    Fiber* lanes = &fibers[warp * 32];
    int waiting = 0;
    void (*collective)(int) = nullptr;
    bool same = true;
    ready_count = 0;
    for (u8 l : orders.lanes[order.below(256)]) {
        Fiber& fiber = lanes[l];
        if (fiber.wait == Wait::Until && fiber.until()) { fiber.wait = Wait::None; }
        if (fiber.wait == Wait::None) { ready[ready_count++] = warp * 32 + l; }
        else if (fiber.wait == Wait::Warp) {
            same = same && (!waiting || fiber.collective == collective);
            collective = fiber.collective;
            waiting++;
        }
    }
    if (!ready_count) {
        if (!waiting) { return false; }
        if (waiting != 32) { failure = "a warp's collective was reached by a part of the warp"; return true; }
        if (!same) { failure = "lanes of a warp are at different collectives"; return true; }
        collective(warp);
        for (u8 l : orders.lanes[order.below(256)]) {
            lanes[l].wait = Wait::None;
            ready[ready_count++] = warp * 32 + l;
        }
    }
    next_ready = 1;
    current_thread = ready[0];
    change(scheduler, fibers[current_thread].context);
    return true;
}

static void run_block() {
    begin_block((int)fibers.size(), shared_memory.size());
    static_arrays.clear();
    static_end = (dynamic_bytes + 127) / 128 * 128;
    for (size_t i = 0; i < fibers.size(); i++) {
        fibers[i].wait = Wait::None;
        fibers[i].copies.clear();
        fibers[i].groups.clear();
        fibers[i].grouped = 0;
        fibers[i].context.make(stack_of(i), STACK, run_fiber);
    }
    std::vector<int> warps(fibers.size() / 32);
    for (size_t i = 0; i < warps.size(); i++) { warps[i] = (int)i; }
    while (!failure) {
        order.shuffle(warps.data(), (u32)warps.size());
        bool moved = false;
        for (int warp : warps) {
            while (!failure && step(warp)) { moved = true; if (order.below(128) == 0) { break; } }
        }
        if (moved || failure) { continue; }
        for (auto& fiber : fibers) { if (fiber.wait == Wait::Asleep) { fiber.wait = Wait::None; moved = true; } }
        if (moved) { continue; }
        size_t live = 0, at_barrier = 0;
        for (auto& fiber : fibers) { live += fiber.wait != Wait::Done; at_barrier += fiber.wait == Wait::Block; }
        if (!live) { break; }
        for (auto& fiber : fibers) { if (fiber.wait == Wait::Until) { failure = fiber.otherwise; } }
        if (failure) { break; }
        if (at_barrier != live) { failure = "a barrier was not reached by every thread"; break; }
        if (live != fibers.size()) { failure = "a barrier was reached after some threads had returned"; break; }
        for (auto& fiber : fibers) { fiber.wait = Wait::None; }
    }
    std::memset(shared_memory.data(), 0xff, std::min<u64>(static_end, shared_memory.size()));
}

const char* run(const Registered& which, const int (&grid)[3], int threads, u64 dynamic, unsigned seed, void* const* parameters) {
    if (threads % 32) { return "the shim runs whole warps only"; }
    failure = nullptr;
    kernel = &which;
    kernel_parameters = parameters;
    block_threads = threads;
    dynamic_bytes = dynamic;
    shared_memory.resize(dynamic + STATIC_LIMIT + 256, 0xff);
    fibers.resize(threads);
    order.state = 0x9e3779b97f4a7c15ull * (seed + 1);
    for (int i = 0; i < 8; i++) { order(); }
    std::copy(grid, grid + 3, grid_size);
    for (block_id[2] = 0; block_id[2] < grid[2]; block_id[2]++) {
        for (block_id[1] = 0; block_id[1] < grid[1]; block_id[1]++) {
            for (block_id[0] = 0; block_id[0] < grid[0]; block_id[0]++) {
                run_block();
                if (failure) { return failure; }
            }
        }
    }
    return nullptr;
}

static u8* at(u32 address, u64 bytes) {
    if (address + bytes > shared_memory.size() || address % 16) { fail("a shared address is outside or not aligned to 16 bytes"); }
    return shared_memory.data() + address;
}

u8* shared_at(u32 address, u64 bytes) { return at(address, bytes); }
void stored(const void* p) {
    u64 offset = (u64)((const u8*)p - shared_memory.data());
    if (offset < shared_memory.size()) { written((u32)offset); }
}

u8* dynamic_shared() { return shared_memory.data(); }

u8* static_shared(const void* key, u64 bytes) {
    for (auto& array : static_arrays) { if (array.key == key) { return shared_memory.data() + array.offset; } }
    static_arrays.push_back({key, static_end});
    static_end += (bytes + 15) / 16 * 16;
    if (dynamic_bytes && !kernel->asked && static_end > STATIC_LIMIT) { fail("more than 48 KiB of shared memory in all, for which the launch has not asked"); }
    if (static_end > shared_memory.size()) { fail("more than 48 KiB of static shared memory"); }
    if (static_end > (std::strstr(kernel->name, "_wgmma_") ? SHARED_LIMIT_OF_WARPGROUPS : SHARED_LIMIT)) { fail("more shared memory than every device has that the kernel is for"); }
    return shared_memory.data() + static_arrays.back().offset;
}

u32 shared_offset(const void* p) { return (u32)((const u8*)p - shared_memory.data()); }

void wait_for_block() { leave(Wait::Block); }
void wait_until(std::function<bool()> condition, const char* otherwise) {
    if (condition()) { return; }
    fibers[current_thread].until = std::move(condition);
    fibers[current_thread].otherwise = otherwise;
    leave(Wait::Until);
}

void let_others_run() { if (order.below(2)) { leave(Wait::Asleep); } }

static void collect(void (*collective)(int)) {
    fibers[current_thread].collective = collective;
    leave(Wait::Warp);
}

static void shuffle_all(int warp) { for (int l = 0; l < 32; l++) { Fiber* f = &fibers[warp * 32]; f[l].out[0] = f[l ^ (int)f[l].in[1]].in[0]; } }
static void gather_all(int warp) { for (int l = 0; l < 32; l++) { Fiber* f = &fibers[warp * 32]; f[l].out[0] = f[f[l].in[1]].in[0]; } }
static void ballot_all(int warp) {
    Fiber* f = &fibers[warp * 32];
    u32 votes = 0;
    for (int l = 0; l < 32; l++) { votes |= (f[l].in[0] ? 1u : 0u) << l; }
    for (int l = 0; l < 32; l++) { f[l].out[0] = votes; }
}
static void meet_all(int) {}

u32 warp_shuffle_xor(u32 value, int mask) {
    Fiber& fiber = fibers[current_thread];
    fiber.in[0] = value;
    fiber.in[1] = (u32)mask & 31;
    collect(shuffle_all);
    return fiber.out[0];
}
u32 warp_shuffle(u32 value, int lane) {
    Fiber& fiber = fibers[current_thread];
    fiber.in[0] = value;
    fiber.in[1] = (u32)lane & 31;
    collect(gather_all);
    return fiber.out[0];
}
u32 warp_vote(bool condition) {
    Fiber& fiber = fibers[current_thread];
    fiber.in[0] = condition;
    collect(ballot_all);
    return fiber.out[0];
}
void warp_barrier() { collect(meet_all); }

void copy_async(u32 to, const void* from, bool valid) {
    if (valid && (uintptr_t)from % 16) { fail("an asynchronous copy from an address that is not aligned to 16 bytes"); }
    Copy copy{at(to, 16), {}};
    if (valid) { std::memcpy(copy.data, from, 16); }
    std::memset(copy.to, 0xff, 16);
    fibers[current_thread].copies.push_back(copy);
}
void copy_commit() {
    Fiber& fiber = fibers[current_thread];
    fiber.groups.push_back((int)fiber.copies.size() - fiber.grouped);
    fiber.grouped = (int)fiber.copies.size();
}
void copy_wait(int pending) {
    Fiber& fiber = fibers[current_thread];
    int count = 0, done = std::max(0, (int)fiber.groups.size() - pending);
    for (int i = 0; i < done; i++) { count += fiber.groups[i]; }
    for (int i = 0; i < count; i++) {
        const Copy& copy = fiber.copies[i];
        std::memcpy(copy.to, copy.data, 16);
        written((u32)(copy.to - shared_memory.data()));
    }
    fiber.copies.erase(fiber.copies.begin(), fiber.copies.begin() + count);
    fiber.groups.erase(fiber.groups.begin(), fiber.groups.begin() + done);
    fiber.grouped -= count;
}

template <bool TRANSPOSED> static void load_all(int warp) {
    Fiber* f = &fibers[warp * 32];
    for (int m = 0; m < 4; m++) {
        for (int l = 0; l < 32; l++) {
            u16 pair[2];
            for (int k = 0; k < 2; k++) {
                int row = TRANSPOSED ? (l & 3) * 2 + k : l >> 2, column = TRANSPOSED ? l >> 2 : (l & 3) * 2 + k;
                std::memcpy(&pair[k], f[m * 8 + row].row + column * 2, 2);
            }
            f[l].out[m] = (u32)pair[0] | (u32)pair[1] << 16;
        }
    }
}
void load_matrices(u32* r, u32 address, bool transposed) {
    Fiber& fiber = fibers[current_thread];
    fiber.row = at(address, 16);
    collect(transposed ? load_all<true> : load_all<false>);
    std::memcpy(r, fiber.out, 16);
}

template <bool HALVES> static float widened(u32 pair, int k) { return HALVES ? octavo::float_of_half((u16)(pair >> (16 * k))) : octavo::float_of(pair >> (16 * k) << 16); }
template <bool HALVES> static void multiply_all(int warp) {
    Fiber* f = &fibers[warp * 32];
    float a[16][16], b[16][8], c[16][8];
    for (int l = 0; l < 32; l++) {
        int r = l >> 2, q = (l & 3) * 2;
        for (int i = 0; i < 4; i++) { for (int k = 0; k < 2; k++) { a[r + (i & 1) * 8][q + (i >> 1) * 8 + k] = widened<HALVES>(f[l].in[i], k); } }
        for (int i = 0; i < 2; i++) { for (int k = 0; k < 2; k++) { b[q + i * 8 + k][r] = widened<HALVES>(f[l].in[4 + i], k); } }
        for (int i = 0; i < 4; i++) { c[r + (i >> 1) * 8][q + (i & 1)] = octavo::float_of(f[l].in[6 + i]); }
    }
    for (int i = 0; i < 16; i++) { for (int k = 0; k < 16; k++) { for (int j = 0; j < 8; j++) { c[i][j] += a[i][k] * b[k][j]; } } }
    for (int l = 0; l < 32; l++) { for (int i = 0; i < 4; i++) { f[l].out[i] = octavo::bits_of(c[(l >> 2) + (i >> 1) * 8][(l & 3) * 2 + (i & 1)]); } }
}
void multiply_matrices(float* d, const u32* a, u32 b0, u32 b1, bool halves) {
    Fiber& fiber = fibers[current_thread];
    std::memcpy(fiber.in, a, 16);
    fiber.in[4] = b0;
    fiber.in[5] = b1;
    std::memcpy(fiber.in + 6, d, 16);
    collect(halves ? multiply_all<true> : multiply_all<false>);
    std::memcpy(d, fiber.out, 16);
}
}  // namespace octavo_host
