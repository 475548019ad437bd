#include "attention_wgmma.cuh"
OCTAVO_PREFILL_WARPGROUPS(octavo_attention_wgmma_bf16_64, octavo::bfloat16, 64)
