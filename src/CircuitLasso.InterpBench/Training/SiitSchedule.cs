namespace CircuitLasso.InterpBench;

/// <summary>How the learning rate of a training goes from the first step to the last.</summary>
public enum SiitSchedule
{
    /// <summary>Half a cosine, down to a twentieth.</summary>
    Cosine,

    /// <summary>A line, down to .0002: InterpBench's <c>linear</c>.</summary>
    Linear,

    /// <summary>It stays as it is.</summary>
    Constant,
}
