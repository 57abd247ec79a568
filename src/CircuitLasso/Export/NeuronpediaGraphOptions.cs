using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>What Neuronpedia's graph JSON says of a graph beside the circuit itself. Immutable.</summary>
public sealed record NeuronpediaGraphOptions
{
    /// <summary>The graph's name, unique among the graphs of a model: letters, digits, <c>_</c>, <c>.</c> and <c>-</c>. <c>circuit</c> by default.</summary>
    public string Slug { get; init; } = "circuit";

    /// <summary>
    /// The model's id (<c>scan</c>), which must exist on Neuronpedia for an upload. Null (the default) takes the one in the circuit's provenance that <c>circuit name</c>
    /// wrote, else <c>custom-model</c>.
    /// </summary>
    public string? Scan { get; init; }

    /// <summary>The prompt that the circuit is of; null (the default) for a circuit of many texts.</summary>
    public string? Prompt { get; init; }

    /// <summary>The prompt's tokens as text, at least two; empty (the default) where there is no prompt.</summary>
    public IReadOnlyList<string> PromptTokens { get; init; } = [];

    /// <summary>Refuses what Neuronpedia would refuse.</summary>
    /// <exception cref="InputException">A name has other characters than allowed, or a prompt has fewer than two tokens.</exception>
    internal void Check()
    {
        const string remedy = "use letters, digits, '_', '.' and '-', at most 200 of them";
        if (!NeuronpediaSource.IsId(Slug))
        {
            throw new InputException("--slug", $"'{Slug}' cannot name a graph", remedy);
        }

        if (Scan is not null && !NeuronpediaSource.IsId(Scan))
        {
            throw new InputException("--scan", $"'{Scan}' cannot be a model's id", remedy);
        }

        if (Prompt is not null && PromptTokens.Count < 2)
        {
            throw new InputException("--prompt", "has fewer than two tokens, of which viewers would show nothing", "give a longer prompt, or leave it out");
        }
    }
}
