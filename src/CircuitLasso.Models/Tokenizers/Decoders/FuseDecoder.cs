namespace CircuitLasso.Models;

/// <summary>Joins all tokens to one (type "Fuse").</summary>
internal sealed class FuseDecoder : IDecoder
{
    /// <summary>Reads the component.</summary>
    public static IDecoder Read(JsonSection component) => new FuseDecoder();

    /// <inheritdoc/>
    public IReadOnlyList<string> Decode(IReadOnlyList<string> tokens) => [string.Concat(tokens)];

    /// <inheritdoc/>
    public string Show(string token) => token;
}
