#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_f16_96, octavo::float16, 96)
