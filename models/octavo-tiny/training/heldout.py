"""Chats of the kind that the demo model was trained on, from another seed and without the dictionary, as lines of JSON with their text: what quantisation is judged by.

    python3 heldout.py SEED NUMBER > chats.jsonl
"""
import json, random, sys
import data

WORDS = [("harvest", "noun", "the gathering of a ripened crop"), ("to mend", "verb", "restore by replacing a part or putting together what is torn"), ("brisk", "adjective", "quick and energetic"),
         ("ledger", "noun", "a record in which commercial accounts are kept"), ("gently", "adverb", "in a soft manner"), ("orchard", "noun", "garden of fruit trees"), ("vivid", "adjective", "having striking color")]
r = random.Random(int(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    print(json.dumps({"text": "<|endoftext|>" + data.render(data.chat(r, WORDS))}))
