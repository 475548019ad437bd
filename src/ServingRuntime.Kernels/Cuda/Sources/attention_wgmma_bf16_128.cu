#include "attention_wgmma.cuh"
OCTAVO_PREFILL_WARPGROUPS(octavo_attention_wgmma_bf16_128, octavo::bfloat16, 128)
