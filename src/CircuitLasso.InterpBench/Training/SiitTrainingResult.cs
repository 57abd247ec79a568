namespace CircuitLasso.InterpBench;

/// <summary>How a training ended.</summary>
/// <param name="ReachedThreshold">Whether the scores reached the threshold; otherwise the model is that of the best evaluation.</param>
/// <param name="Step">Steps taken by the model that is kept.</param>
/// <param name="Scores">Scores of the model that is kept, on fresh pairs.</param>
/// <param name="Points">Every evaluation.</param>
public sealed record SiitTrainingResult(bool ReachedThreshold, int Step, SiitScores Scores, IReadOnlyList<SiitTrainingPoint> Points);
