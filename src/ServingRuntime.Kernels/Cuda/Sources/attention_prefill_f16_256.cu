#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_f16_256, octavo::float16, 256)
