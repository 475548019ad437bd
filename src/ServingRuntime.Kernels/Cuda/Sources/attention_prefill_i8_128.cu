#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_i8_128, octavo::int8_code, 128)
