//! What the macros refuse, and in which words: see `cases/` and `README.md`.
