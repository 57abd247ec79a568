using System.Globalization;
using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>What running a model over texts is going to cost, told before it starts. Immutable.</summary>
/// <param name="Tokens">Tokens of the texts.</param>
/// <param name="Operations">Multiplications and additions of the matrix products of one pass over them.</param>
public sealed record WorkEstimate(long Tokens, double Operations)
{
    private const double MiB = 1 << 20;

    /// <summary>Forward passes over texts that are run one by one or in batches without padding.</summary>
    /// <param name="description">The model.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="logitPositions">Where logits are computed.</param>
    public static WorkEstimate OfForward(ModelDescription description, IEnumerable<int[]> texts, LogitPositions logitPositions)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(texts);
        long tokens = 0;
        double operations = 0;
        foreach (IGrouping<int, int[]> length in texts.GroupBy(text => text.Length))
        {
            int count = length.Count();
            tokens += (long)count * length.Key;
            operations += count * PassCost.Of(description, 1, length.Key, logitPositions).Operations;
        }

        return new WorkEstimate(tokens, operations);
    }

    /// <summary>Whether one pass takes a tenth of a second or more, so that it is worth telling.</summary>
    /// <param name="operationsPerSecond">What the machine does of them.</param>
    public bool IsLong(double operationsPerSecond) => Operations / operationsPerSecond >= 0.1;

    /// <summary>The least time that the products take, for people.</summary>
    /// <param name="operationsPerSecond">What the machine does of them, as <see cref="Numerics.MatrixRate"/> measures it.</param>
    public string Time(double operationsPerSecond)
    {
        double seconds = Operations / operationsPerSecond;
        string time = seconds < 1 ? "less than a second"
            : seconds < 90 ? seconds.ToString("at least 0 s", CultureInfo.InvariantCulture)
            : seconds < 5400 ? (seconds / 60).ToString("at least 0.0 min", CultureInfo.InvariantCulture)
            : (seconds / 3600).ToString("at least 0.0 h", CultureInfo.InvariantCulture);
        return FormattableString.Invariant($"{time} of matrix products at {operationsPerSecond / 1e9:0} GFLOP/s");
    }

    /// <summary>What the parameters of a model take, for people.</summary>
    /// <param name="parameters">The parameters.</param>
    public static string Weights(ModelParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return FormattableString.Invariant($"{Math.Ceiling(parameters.BytesInFiles / MiB):N0} MiB of weights stay in the model's files");
    }
}
