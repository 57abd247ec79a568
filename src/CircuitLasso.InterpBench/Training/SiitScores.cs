namespace CircuitLasso.InterpBench;

/// <summary>How well a model computes a program by the program's own circuit; all numbers are shares of scored positions.</summary>
/// <param name="Accuracy">Right outputs: the argmax, or within .05 of the number.</param>
/// <param name="Interchange">Circuit node -> share of outputs that are the program's when the node, in both, is taken from another input (IIA).</param>
/// <param name="Strict">Outside node -> share of outputs still right when the node alone is taken from another input.</param>
/// <param name="AllOutside">Share still right when all outside nodes are taken from another input together.</param>
public sealed record SiitScores(
    double Accuracy, IReadOnlyDictionary<string, double> Interchange, IReadOnlyDictionary<string, double> Strict, double AllOutside)
{
    /// <summary>Mean over circuit nodes.</summary>
    public double MeanInterchange => Interchange.Count == 0 ? 1 : Interchange.Values.Average();

    /// <summary>Mean over outside nodes.</summary>
    public double MeanStrict => Strict.Count == 0 ? 1 : Strict.Values.Average();

    /// <summary>The smallest of the numbers that a training waits for: accuracy, and the interchange or strict accuracy of every single node.</summary>
    /// <param name="strictness">Where several nodes are swapped together in training, <see cref="AllOutside"/> is one of them.</param>
    public double Smallest(SiitStrictness strictness)
    {
        double smallest = Interchange.Values.Concat(Strict.Values).Append(Accuracy).Min();
        return strictness == SiitStrictness.Individual ? smallest : Math.Min(smallest, AllOutside);
    }
}
