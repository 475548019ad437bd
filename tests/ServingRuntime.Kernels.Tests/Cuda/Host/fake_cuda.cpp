// A libcuda.so.1 for tests over the host shim. Streams hold back what was enqueued until somebody waits, as a device would; memory begins as NaN, and what is written past its end is found.
// Tests plan it through fake_*: failures (name, nth call, code), memory, devices, versions; fake_log returns all calls. Errors from 700 on, and an uncorrectable ECC error, stay.
#include "device.cuh"
#include "fake_cuda.hpp"
#include "host_run.hpp"
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>
using octavo_host::Registered;

enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, STUB = 34, NO_DEVICE = 100, INVALID_DEVICE = 101, INVALID_IMAGE = 200, INVALID_CONTEXT = 201, ECC = 214,
       INVALID_HANDLE = 400, NOT_FOUND = 500, NOT_READY = 600, ILLEGAL_ADDRESS = 700, LAUNCH_OUT_OF_RESOURCES = 701, LAUNCH_FAILED = 719,
       ILLEGAL_STATE = 401, CAPTURE_UNSUPPORTED = 900, CAPTURE_INVALIDATED = 901 };
// Around an allocation: what is found if it is written, and room behind that, so that a planted bug does not write over what belongs to others.
constexpr u64 GUARD = 256, ROOM = 256 << 10;
struct Graph { std::vector<std::function<int()>> work; };
struct Stream { std::deque<std::function<int()>> queue; Graph* capture = nullptr; bool invalid = false; };
struct Event { Stream* stream = nullptr; bool reached = false; u64 stamp = 0; };
struct Module { std::string file; };
struct Plan { int nth, code; };

static std::recursive_mutex lock;
static std::condition_variable_any changed;
static std::map<u64, u64> memory, pinned;
static std::map<std::string, int> calls;
static std::map<std::string, Plan> plans;
static std::set<void*> streams, events, modules, graphs;
static std::string log_text, last_failure;
static u64 used, total = 1ull << 30, clock_ticks;
static int sticky, devices = 1, driver_version = 13000, major_ = 9, minor_ = 0;
static unsigned seed = 1;
static bool initialized;
// Another one after each reset: what a test before left to the garbage collector must not free memory that has its address now.
static u64 context = 16;
static thread_local u64 current;
static thread_local Stream* capturing;  // by this thread: what another does is its own affair
static Stream null_stream;

static int keep(int code) { if ((code >= 700 && code / 100 != 9) || code == 999 || code == ECC) { sticky = code; } return code; }
static int enter(const char* name, bool needs_context = true) {
    int call = ++calls[name];
    log_text.append(name).push_back('\n');
    auto plan = plans.find(name);
    if (plan != plans.end() && plan->second.nth == call) { return keep(plan->second.code); }
    if (sticky) { return sticky; }
    if (!initialized && std::string(name) != "cuInit") { return NOT_INITIALIZED; }
    return needs_context && current != context ? INVALID_CONTEXT : OK;
}
#define API extern "C" __attribute__((visibility("default")))
#define ENTER(...) std::lock_guard<std::recursive_mutex> guard(lock); if (int e = enter(__func__ __VA_OPT__(, ) __VA_ARGS__)) { return e; }

// What waits, or takes or gives back memory, cannot be recorded: it fails, and so does the record.
#define NOT_RECORDED if (capturing) { capturing->invalid = true; return CAPTURE_UNSUPPORTED; }
static void push(Stream* stream, std::function<int()> work) {
    if (stream->capture) { stream->capture->work.push_back(std::move(work)); } else { stream->queue.push_back(std::move(work)); }
}

static bool inside(const std::map<u64, u64>& all, u64 p, u64 bytes) {
    auto i = all.upper_bound(p);
    if (i == all.begin()) { return false; }
    --i;
    return p + bytes <= i->first + i->second;
}
static bool guards_hold() {
    static const std::vector<u8> untouched(GUARD, 0xff);
    for (auto& [p, bytes] : memory) {
        if (std::memcmp((u8*)p + bytes, untouched.data(), GUARD) || std::memcmp((u8*)p - GUARD, untouched.data(), GUARD)) { last_failure = "memory beside an allocation was written"; return false; }
    }
    return true;
}
static int drain(Stream& stream) {
    while (!stream.queue.empty()) {
        auto next = std::move(stream.queue.front());
        stream.queue.pop_front();
        if (sticky) { return sticky; }
        int e = next();
        if (e == FAKE_NOT_YET) { stream.queue.push_front(std::move(next)); return OK; }
        if (e) { return keep(e); }
    }
    return sticky ? sticky : guards_hold() ? OK : keep(ILLEGAL_ADDRESS);
}
static int drain_all() {
    if (int e = drain(null_stream)) { return e; }
    for (void* s : streams) { if (int e = drain(*(Stream*)s)) { return e; } }
    return OK;
}
static Stream* stream_of(void* s) { return !s ? &null_stream : streams.count(s) ? (Stream*)s : nullptr; }

API int cuInit(unsigned) { ENTER(false) if (devices == 0) { return NO_DEVICE; } initialized = true; return OK; }
API int cuDriverGetVersion(int* version) { *version = driver_version; return OK; }
API int cuDeviceGetCount(int* count) { ENTER(false) *count = devices; return OK; }
API int cuDeviceGet(int* device, int ordinal) { ENTER(false) if (ordinal < 0 || ordinal >= devices) { return INVALID_DEVICE; } *device = ordinal; return OK; }
API int cuDeviceGetName(char* name, int size, int) { ENTER(false) snprintf(name, size, "Fake GPU"); return OK; }
API int cuDeviceGetAttribute(int* value, int attribute, int) {
    ENTER(false)
    switch (attribute) {
        case 75: *value = major_; break;
        case 76: *value = minor_; break;
        case 16: *value = 4; break;
        case 97: *value = 232448; break;
        case 38: *value = 50 << 20; break;
        case 10: *value = 32; break;
        default: return INVALID_VALUE;
    }
    return OK;
}
API int cuDeviceTotalMem_v2(size_t* bytes, int) { ENTER(false) *bytes = total; return OK; }
API int cuDevicePrimaryCtxRetain(u64* made, int) { ENTER(false) *made = context; return OK; }
API int cuDevicePrimaryCtxRelease_v2(int) { ENTER(false) return drain_all(); }
API int cuCtxSetCurrent(u64 chosen) { ENTER(false) if (chosen && chosen != context) { return INVALID_CONTEXT; } current = chosen; return OK; }
API int cuCtxSynchronize() { ENTER() NOT_RECORDED return drain_all(); }
API int cuMemGetInfo_v2(size_t* free_, size_t* all) { ENTER() *free_ = total - used; *all = total; return OK; }
API int cuMemAlloc_v2(u64* p, size_t bytes) {
    ENTER()
    NOT_RECORDED
    if (!bytes) { return INVALID_VALUE; }
    if (bytes > total - used) { return OUT_OF_MEMORY; }
    auto* block = (u8*)aligned_alloc(GUARD, (bytes + 3 * GUARD - 1) / GUARD * GUARD + ROOM);
    std::memset(block, 0xff, (bytes + 3 * GUARD - 1) / GUARD * GUARD);
    *p = (u64)(block + GUARD);
    memory[*p] = bytes;
    used += bytes;
    return OK;
}
API int cuMemFree_v2(u64 p) {
    ENTER()
    NOT_RECORDED
    auto i = memory.find(p);
    if (i == memory.end()) { return INVALID_VALUE; }
    int e = drain_all();
    used -= i->second;
    memory.erase(i);
    free((u8*)p - GUARD);
    return e;
}
API int cuMemHostAlloc(void** p, size_t bytes, unsigned) {
    ENTER()
    NOT_RECORDED
    *p = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    std::memset(*p, 0xff, bytes);
    pinned[(u64)*p] = bytes;
    return OK;
}
API int cuMemFreeHost(void* p) { ENTER() NOT_RECORDED auto i = pinned.find((u64)p); if (i == pinned.end()) { return INVALID_VALUE; } int e = drain_all(); pinned.erase(i); free(p); return e; }

// Pageable memory: read before the call returns, and written before it does; pinned memory when the stream comes to it.
API int cuMemcpyHtoDAsync_v2(u64 to, const void* from, size_t bytes, void* s) {
    ENTER()
    Stream* stream = stream_of(s);
    if (!stream) { return INVALID_HANDLE; }
    if (!inside(memory, to, bytes)) { return INVALID_VALUE; }
    if (inside(pinned, (u64)from, bytes)) { push(stream, [=] { std::memcpy((void*)to, from, bytes); return OK; }); return OK; }
    NOT_RECORDED
    std::vector<u8> taken((const u8*)from, (const u8*)from + bytes);
    push(stream, [=, taken = std::move(taken)] { std::memcpy((void*)to, taken.data(), bytes); return OK; });
    return OK;
}
API int cuMemcpyDtoHAsync_v2(void* to, u64 from, size_t bytes, void* s) {
    ENTER()
    Stream* stream = stream_of(s);
    if (!stream) { return INVALID_HANDLE; }
    if (!inside(memory, from, bytes)) { return INVALID_VALUE; }
    bool later = inside(pinned, (u64)to, bytes);
    if (!later) { NOT_RECORDED }
    push(stream, [=] { std::memcpy(to, (const void*)from, bytes); return OK; });
    return later ? OK : drain(*stream);
}
API int cuMemcpyDtoDAsync_v2(u64 to, u64 from, size_t bytes, void* s) {
    ENTER()
    Stream* stream = stream_of(s);
    if (!stream) { return INVALID_HANDLE; }
    if (!inside(memory, from, bytes) || !inside(memory, to, bytes)) { return INVALID_VALUE; }
    push(stream, [=] { std::memmove((void*)to, (const void*)from, bytes); return OK; });
    return OK;
}
API int cuMemsetD8Async(u64 to, u8 value, size_t bytes, void* s) {
    ENTER()
    Stream* stream = stream_of(s);
    if (!stream) { return INVALID_HANDLE; }
    if (!inside(memory, to, bytes)) { return INVALID_VALUE; }
    push(stream, [=] { std::memset((void*)to, value, bytes); return OK; });
    return OK;
}

API int cuStreamCreate(void** s, unsigned) { ENTER() *s = new Stream; streams.insert(*s); return OK; }
API int cuStreamDestroy_v2(void* s) { ENTER() NOT_RECORDED if (!s || !streams.count(s)) { return INVALID_HANDLE; } int e = drain(*(Stream*)s); streams.erase(s); delete (Stream*)s; return e; }
API int cuStreamSynchronize(void* s) { ENTER() NOT_RECORDED Stream* stream = stream_of(s); return stream ? drain(*stream) : INVALID_HANDLE; }
API int cuStreamQuery(void* s) { ENTER() Stream* stream = stream_of(s); return !stream ? INVALID_HANDLE : stream->queue.empty() ? OK : NOT_READY; }
API int cuStreamWaitEvent(void* s, void* e, unsigned) {
    ENTER()
    Stream* stream = stream_of(s);
    if (!stream || !events.count(e)) { return INVALID_HANDLE; }
    auto* event = (Event*)e;
    push(stream, [=]() -> int { return event->reached || !event->stream ? OK : drain(*event->stream); });
    return OK;
}
API int cuEventCreate(void** e, unsigned) { ENTER() *e = new Event; events.insert(*e); return OK; }
API int cuEventDestroy_v2(void* e) { ENTER() NOT_RECORDED if (!events.count(e)) { return INVALID_HANDLE; } int r = drain_all(); events.erase(e); delete (Event*)e; return r; }
API int cuEventRecord(void* e, void* s) {
    ENTER()
    Stream* stream = stream_of(s);
    if (!stream || !events.count(e)) { return INVALID_HANDLE; }
    auto* event = (Event*)e;
    event->stream = stream;
    event->reached = false;
    push(stream, [=] { event->reached = true; event->stamp = ++clock_ticks; return OK; });
    return OK;
}
API int cuEventQuery(void* e) { ENTER() NOT_RECORDED if (!events.count(e)) { return INVALID_HANDLE; } auto* event = (Event*)e; return event->reached || !event->stream ? OK : NOT_READY; }
API int cuEventSynchronize(void* e) { ENTER() NOT_RECORDED if (!events.count(e)) { return INVALID_HANDLE; } auto* event = (Event*)e; return event->reached || !event->stream ? OK : drain(*event->stream); }
API int cuEventElapsedTime(float* ms, void* a, void* b) {
    ENTER()
    if (!events.count(a) || !events.count(b)) { return INVALID_HANDLE; }
    if (!((Event*)a)->reached || !((Event*)b)->reached) { return NOT_READY; }
    *ms = (float)(((Event*)b)->stamp - ((Event*)a)->stamp);
    return OK;
}

// Images are what the fake compiler makes: the four bytes of ELF (or the ".version" of PTX), then the name of the source.
API int cuModuleLoadDataEx(void** m, const void* image, unsigned count, int* options, void** values) {
    ENTER()
    NOT_RECORDED
    const char* text = (const char*)image;
    const char* name = !std::memcmp(text, "\177ELF", 4) ? text + 4 : !std::memcmp(text, "//PTX ", 6) ? text + 6 : nullptr;
    if (!name) {
        // As the compiler of PTX does, where there is room for what it says.
        if (count == 2 && options[0] == 5 && options[1] == 6) { snprintf((char*)values[0], (size_t)values[1], "ptxas: neither ELF nor PTX\n"); }
        return INVALID_IMAGE;
    }
    for (Registered* k = Registered::first; k; k = k->next) {
        const char* slash = strrchr(k->file, '/');
        if (!std::strcmp(slash ? slash + 1 : k->file, name)) { *m = new Module{name}; modules.insert(*m); return OK; }
    }
    return INVALID_IMAGE;
}
API int cuModuleUnload(void* m) { ENTER() NOT_RECORDED if (!modules.count(m)) { return INVALID_HANDLE; } int e = drain_all(); modules.erase(m); delete (Module*)m; return e; }
API int cuModuleGetFunction(void** f, void* m, const char* name) {
    ENTER()
    if (!modules.count(m)) { return INVALID_HANDLE; }
    for (Registered* k = Registered::first; k; k = k->next) {
        const char* slash = strrchr(k->file, '/');
        if (!std::strcmp(k->name, name) && ((Module*)m)->file == (slash ? slash + 1 : k->file)) { *f = k; return OK; }
    }
    return NOT_FOUND;
}
API int cuFuncSetAttribute(void* f, int attribute, int value) { ENTER() if (attribute == 8) { if (value > 232448) { return INVALID_VALUE; } ((Registered*)f)->dynamic_limit = value; ((Registered*)f)->asked = true; } return OK; }
API int cuFuncGetAttribute(int* value, int attribute, void* f) { ENTER() *value = attribute == 0 ? ((Registered*)f)->threads : 0; return OK; }
// A multiprocessor's shared memory is a KiB more than a block may have, and each block takes one that is not its own.
API int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void*, int threads, size_t dynamic) { ENTER() *blocks = std::min(2048 / threads, (int)(233472 / (dynamic + 1024))); return OK; }
API int cuLaunchKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned dynamic, void* s, void** parameters, void** extra) {
    ENTER()
    auto* kernel = (Registered*)f;
    Stream* stream = stream_of(s);
    if (!stream) { return INVALID_HANDLE; }
    if (!kernel || extra || !gx || !gy || !gz || gx > 0x7fffffff || gy > 65535 || gz > 65535 || by != 1 || bz != 1 || bx < 1 || bx > 1024 || (int)dynamic > kernel->dynamic_limit) { return INVALID_VALUE; }
    if ((int)bx > kernel->threads) { return LAUNCH_OUT_OF_RESOURCES; }
    // The values are taken now, as the driver does.
    std::vector<u64> values;
    std::vector<size_t> places;
    for (int i = 0; i < kernel->count; i++) {
        if (!parameters[i]) { return INVALID_VALUE; }
        places.push_back(values.size());
        values.resize(values.size() + (kernel->sizes[i] + 7) / 8);
        std::memcpy(&values[places[i]], parameters[i], kernel->sizes[i]);
    }
    if (parameters[kernel->count]) { return INVALID_VALUE; }  // the device layer ends its list with a null; the driver could not tell
    unsigned order = seed++;
    push(stream, [=]() mutable -> int {
        std::vector<void*> p;
        for (auto place : places) { p.push_back(&values[place]); }
        const char* what = octavo_host::run(*kernel, {(int)gx, (int)gy, (int)gz}, (int)bx, dynamic, order, p.data());
        if (what) { last_failure = std::string(kernel->name) + ": " + what; }
        return what ? LAUNCH_FAILED : OK;
    });
    return OK;
}
// Graphs: what was enqueued is kept with the values that its parameters had, and enqueued again by a launch.
API int cuStreamBeginCapture_v2(void* s, int mode) {
    ENTER()
    Stream* stream = stream_of(s);
    if (!stream || !s) { return INVALID_HANDLE; }
    if (mode != 1) { return INVALID_VALUE; }
    if (capturing || stream->capture) { return ILLEGAL_STATE; }
    stream->capture = new Graph;
    stream->invalid = false;
    capturing = stream;
    return OK;
}
API int cuStreamEndCapture(void* s, void** graph) {
    // Whatever comes of it, the record has ended.
    std::lock_guard<std::recursive_mutex> guard(lock);
    int planned = enter(__func__);
    Stream* stream = stream_of(s);
    if (!stream || !stream->capture || capturing != stream) { return ILLEGAL_STATE; }
    Graph* made = stream->capture;
    stream->capture = nullptr;
    capturing = nullptr;
    *graph = nullptr;
    if (planned || stream->invalid) { delete made; return planned ? planned : CAPTURE_INVALIDATED; }
    graphs.insert(*graph = made);
    return OK;
}
API int cuGraphInstantiateWithFlags(void** executable, void* graph, u64) { ENTER() NOT_RECORDED if (!graphs.count(graph)) { return INVALID_HANDLE; } graphs.insert(*executable = new Graph(*(Graph*)graph)); return OK; }
API int cuGraphDestroy(void* graph) { ENTER() if (!graphs.erase(graph)) { return INVALID_HANDLE; } delete (Graph*)graph; return OK; }
API int cuGraphExecDestroy(void* graph) { ENTER() NOT_RECORDED if (!graphs.count(graph)) { return INVALID_HANDLE; } int e = drain_all(); graphs.erase(graph); delete (Graph*)graph; return e; }
API int cuGraphLaunch(void* graph, void* s) {
    ENTER()
    Stream* stream = stream_of(s);
    if (!stream || !graphs.count(graph)) { return INVALID_HANDLE; }
    for (auto& work : ((Graph*)graph)->work) { push(stream, work); }
    return OK;
}
API int cuGetErrorName(int e, const char** name) {
    static const std::map<int, const char*> names = {{1, "CUDA_ERROR_INVALID_VALUE"}, {2, "CUDA_ERROR_OUT_OF_MEMORY"}, {34, "CUDA_ERROR_STUB_LIBRARY"}, {100, "CUDA_ERROR_NO_DEVICE"}, {214, "CUDA_ERROR_ECC_UNCORRECTABLE"}, {700, "CUDA_ERROR_ILLEGAL_ADDRESS"}, {719, "CUDA_ERROR_LAUNCH_FAILED"}, {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"}, {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"}};
    auto i = names.find(e);
    if (i == names.end()) { return INVALID_VALUE; }
    *name = i->second;
    return OK;
}
API int cuGetErrorString(int e, const char** text) { if (e == 719) { *text = "unspecified launch failure"; return OK; } *text = "as the fake was told"; return OK; }

// For the fake libraries.
int fake_call(const char* name) { std::lock_guard<std::recursive_mutex> guard(lock); int e = enter(name); return e >= 100 ? 14 : e; }
bool fake_inside(u64 p, u64 bytes) { std::lock_guard<std::recursive_mutex> guard(lock); return inside(memory, p, bytes); }
int fake_enqueue(void* s, std::function<int()> work) {
    std::lock_guard<std::recursive_mutex> guard(lock);
    Stream* stream = stream_of(s);
    if (!stream) { return INVALID_HANDLE; }
    push(stream, std::move(work));
    return OK;
}

static thread_local int drained;
int fake_drain(void* s) {
    std::lock_guard<std::recursive_mutex> guard(lock);
    Stream* stream = stream_of(s);
    drained++;
    int e = stream ? drain(*stream) : INVALID_HANDLE;
    drained--;
    return e;
}
bool fake_may_wait() { return drained == 0; }
bool fake_wait(const std::function<bool()>& condition) {
    std::unique_lock<std::recursive_mutex> guard(lock);
    // The call that does the stream's work has the lock, too: only given up twice is it free for others.
    lock.unlock();
    bool held = changed.wait_for(guard, std::chrono::seconds(10), condition);
    lock.lock();
    return held;
}
void fake_notify() { changed.notify_all(); }

// The tests' side. After a reset nothing is left of what was before, as in a new process.
API void fake_reset() {
    std::lock_guard<std::recursive_mutex> guard(lock);
    for (auto& [p, bytes] : memory) { free((u8*)p - GUARD); }
    for (auto& [p, bytes] : pinned) { free((void*)p); }
    for (void* s : streams) { delete (Stream*)s; }
    for (void* e : events) { delete (Event*)e; }
    for (void* m : modules) { delete (Module*)m; }
    for (void* g : graphs) { delete (Graph*)g; }
    memory.clear(); pinned.clear(); streams.clear(); events.clear(); modules.clear(); graphs.clear(); capturing = nullptr; null_stream.queue.clear(); used = 0;
    plans.clear(); calls.clear(); log_text.clear(); last_failure.clear();
    sticky = 0; total = 1ull << 30; devices = 1; driver_version = 13000; major_ = 9; minor_ = 0; initialized = false; seed = 1; context += 16;
}
API void fake_fail(const char* name, int nth, int code) { std::lock_guard<std::recursive_mutex> guard(lock); plans[name] = {calls[name] + nth, code}; }
API void fake_device(int count, int version, int major, int minor, u64 bytes) {
    std::lock_guard<std::recursive_mutex> guard(lock);
    devices = count; driver_version = version; major_ = major; minor_ = minor; total = bytes;
}
API const char* fake_log() { return log_text.c_str(); }
API const char* fake_failure() { return last_failure.c_str(); }
API u64 fake_used() { return used; }
API int fake_live() { return (int)(memory.size() + pinned.size() + streams.size() + events.size() + modules.size() + graphs.size()); }
