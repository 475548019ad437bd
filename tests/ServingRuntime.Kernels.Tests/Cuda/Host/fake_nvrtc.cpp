// A libnvrtc.so.12 for tests: its images name the source, which the fake driver looks up among the kernels it was built with. A source with "#error" does not compile.
#include <cstdio>
#include <cstring>
#include <string>
#define API extern "C" __attribute__((visibility("default")))
struct Program { std::string name, source, log; bool cubin = false; };
static int compiled;
static std::string refused;

API int nvrtcVersion(int* major, int* minor) { *major = 12; *minor = 4; return 0; }
API const char* nvrtcGetErrorString(int code) { return code == 0 ? "NVRTC_SUCCESS" : code == 6 ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR"; }
API int nvrtcGetNumSupportedArchs(int* count) { *count = 3; return 0; }
API int nvrtcGetSupportedArchs(int* archs) { archs[0] = 80; archs[1] = 89; archs[2] = 90; return 0; }
API int nvrtcCreateProgram(void** program, const char* source, const char* name, int, const char**, const char**) { auto* p = new Program; p->name = name; p->source = source; *program = p; return 0; }
API int nvrtcDestroyProgram(void** program) { delete (Program*)*program; *program = nullptr; return 0; }
API int nvrtcCompileProgram(void* program, int count, const char** options) {
    auto* p = (Program*)program;
    compiled++;
    for (int i = 0; i < count; i++) { if (std::strstr(options[i], "--gpu-architecture=sm_")) { p->cubin = true; } }
    if (p->source.find("#error") != std::string::npos || p->name == refused) { p->log = p->name + "(1): error: #error as the test wants"; return 6; }
    p->log = "ptxas info    : Compiling entry function 'fake' for 'sm_90a'\nptxas info    : Function properties for fake\n    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\nptxas info    : Used 8 registers\n";
    return 0;
}
API int nvrtcGetProgramLogSize(void* program, size_t* size) { *size = ((Program*)program)->log.size() + 1; return 0; }
API int nvrtcGetProgramLog(void* program, char* log) { std::strcpy(log, ((Program*)program)->log.c_str()); return 0; }
static std::string image(Program* p, bool cubin) { return (cubin ? "\177ELF" : "//PTX ") + p->name; }
API int nvrtcGetCUBINSize(void* program, size_t* size) { auto* p = (Program*)program; *size = p->cubin ? image(p, true).size() + 1 : 0; return 0; }
API int nvrtcGetCUBIN(void* program, char* to) { std::strcpy(to, image((Program*)program, true).c_str()); return 0; }
API int nvrtcGetPTXSize(void* program, size_t* size) { *size = image((Program*)program, false).size() + 1; return 0; }
API int nvrtcGetPTX(void* program, char* to) { std::strcpy(to, image((Program*)program, false).c_str()); return 0; }
API void fake_refuse(const char* source) { refused = source; }
API int fake_compiled() { return compiled; }
