#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_f16_64, octavo::float16, 64)
