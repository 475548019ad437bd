#include "attention_wgmma.cuh"
OCTAVO_PREFILL_WARPGROUPS(octavo_attention_wgmma_f16_64, octavo::float16, 64)
