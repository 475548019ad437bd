#include "attention_wgmma.cuh"
OCTAVO_PREFILL_WARPGROUPS(octavo_attention_wgmma_f16_128, octavo::float16, 128)
