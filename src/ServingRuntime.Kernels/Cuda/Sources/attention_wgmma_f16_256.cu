#include "attention_wgmma.cuh"
OCTAVO_PREFILL_WARPGROUPS(octavo_attention_wgmma_f16_256, octavo::float16, 256)
