namespace CircuitLasso.Numerics;

/// <summary>An instance of a class that the caller allowed: its name and the data it was stored with. No code of the class runs.</summary>
/// <param name="TypeName">Module and class, such as <c>transformer_lens.HookedTransformerConfig.HookedTransformerConfig</c>.</param>
public sealed record TorchObject(string TypeName)
{
    /// <summary>The attributes by name, or null where none were stored.</summary>
    public IReadOnlyDictionary<string, object?>? Attributes { get; internal set; }
}
