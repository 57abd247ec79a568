namespace CircuitLasso;

/// <summary>
/// The linear map from pooled features and errors to what a circuit of features explains, as it was fitted: score = intercept + sum of coefficients times features and coordinates of errors, pooled over
/// the positions of a text, or each at one position where positions were kept apart. With two classes the one score is the log-odds of the second class, with more there is a score for each class, and for numbers the score is the number. Immutable.
/// </summary>
public sealed class CircuitReadout
{
    /// <summary>Makes a readout.</summary>
    /// <param name="pooling">How positions were pooled; with <see cref="CircuitLasso.Pooling.None"/> each was a row of its own, or all of a text's were one row where coefficients have positions.</param>
    /// <param name="intercepts">One for each output.</param>
    /// <param name="coefficients">Those that are not zero, in any order.</param>
    /// <param name="classes">Names of the classes in order, at least two; none for numbers.</param>
    /// <param name="mean">Of numbers, their mean over the rows of the fit.</param>
    /// <param name="maximumTokens">To how many tokens longer texts were cut; null where nothing is known.</param>
    /// <exception cref="ArgumentException">Some coefficients have a position and others none, or one has a position and positions were pooled, or the number of outputs is not that of the classes, a name or a coefficient appears twice, or a number is out of range or not finite.</exception>
    public CircuitReadout(
        Pooling pooling, IEnumerable<double> intercepts, IEnumerable<ReadoutCoefficient> coefficients, IEnumerable<string>? classes = null, double mean = 0, int? maximumTokens = null)
    {
        ArgumentNullException.ThrowIfNull(intercepts);
        ArgumentNullException.ThrowIfNull(coefficients);
        Pooling = pooling;
        Intercepts = [.. intercepts];
        Classes = [.. (classes ?? []).Select(CircuitText.Writable)];
        Coefficients =
        [
            .. coefficients.OrderBy(part => part.Site, NodeNameOrder.Instance).ThenBy(part => part.IsError).ThenBy(part => part.Position).ThenBy(part => part.Index).ThenBy(part => part.Output),
        ];
        Mean = mean;
        MaximumTokens = maximumTokens;
        Check(Enum.IsDefined(pooling), "is pooled in no known way");
        Check(Classes.Count != 1 && Classes.Distinct(StringComparer.Ordinal).Count() == Classes.Count, "has one class only, or one twice");
        Check(Intercepts.Count == (Classes.Count > 2 ? Classes.Count : 1), "has another number of outputs than its classes need");
        Check(double.IsFinite(mean) && (Classes.Count == 0 || mean == 0) && Intercepts.All(double.IsFinite), "has a number that is not finite, or classes with a mean");
        Check(maximumTokens is null or >= 1, "cuts texts to less than one token");
        KeepsPositions = Coefficients.Count > 0 && Coefficients[0].Position is not null;
        Check(!KeepsPositions || pooling == Pooling.None, "is pooled, and reads single positions");
        for (int i = 0; i < Coefficients.Count; i++)
        {
            ReadoutCoefficient part = Coefficients[i];
            Check(KeepsPositions ? part.Position >= 0 : part.Position is null, "reads single positions, and not everywhere, or one below 0");
            Check(CircuitText.IsName(part.Site) && part.Index >= 0 && part.Output >= 0 && part.Output < Intercepts.Count && double.IsFinite(part.Value), "has a coefficient of no place, or that is not finite");
            Check(i == 0 || Coefficients[i - 1] with { Value = part.Value } != part, "has a coefficient twice");
        }
    }

    /// <summary>How positions were pooled.</summary>
    public Pooling Pooling { get; }

    /// <summary>Whether each coefficient reads one position of a text.</summary>
    public bool KeepsPositions { get; }

    /// <summary>One for each output: one output for numbers and two classes, one for each class for more.</summary>
    public IReadOnlyList<double> Intercepts { get; }

    /// <summary>Coefficients that are not zero, by site, features before errors, position, index and output.</summary>
    public IReadOnlyList<ReadoutCoefficient> Coefficients { get; }

    /// <summary>Names of the classes in order; empty for numbers.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Of numbers, their mean over the rows of the fit.</summary>
    public double Mean { get; }

    /// <summary>To how many tokens longer texts were cut; null where nothing is known.</summary>
    public int? MaximumTokens { get; }

    private static void Check(bool holds, string problem)
    {
        if (!holds)
        {
            throw new ArgumentException("the readout " + problem);
        }
    }
}
