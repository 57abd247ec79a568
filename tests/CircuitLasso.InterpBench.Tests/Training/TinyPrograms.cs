namespace CircuitLasso.InterpBench.Tests;

/// <summary>Programs small enough to be trained in a test.</summary>
internal static class TinyPrograms
{
    /// <summary>The running share of 'x': InterpBench's case 3, in the fewest words that its format allows.</summary>
    public static KnownProgram RunningShare { get; } = ProgramFixtures.Parse(
        """
        {
          "id": "running-share", "input_vocab": ["a", "b", "c", "x"], "n_ctx": 5, "attention": "causal", "output": "regression",
          "low_level_config": { "n_layers": 2, "n_heads": 4, "d_head": 3, "d_model": 12, "d_mlp": 48, "init_std": 0.2219 },
          "program": {
            "nodes": [
              { "id": "tokens", "op": "tokens", "inputs": [] },
              { "id": "indices", "op": "indices", "inputs": [] },
              { "id": "before", "op": "select", "inputs": ["indices", "indices"], "predicate": "key <= query" },
              { "id": "is_x", "op": "map", "inputs": ["tokens"], "table": [["a", 0], ["b", 0], ["c", 0], ["x", 1]], "encoding": "numerical" },
              { "id": "share", "op": "aggregate", "inputs": ["before", "is_x"], "default": 0, "encoding": "numerical" }
            ],
            "output": "share"
          }
        }
        """);
}
