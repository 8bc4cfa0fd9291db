"""How each step is done: PTransforms in the files here, plain functions in the folders."""
