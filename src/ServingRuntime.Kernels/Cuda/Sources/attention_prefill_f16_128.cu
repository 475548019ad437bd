#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_f16_128, octavo::float16, 128)
