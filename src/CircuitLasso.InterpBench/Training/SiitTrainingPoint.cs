namespace CircuitLasso.InterpBench;

/// <summary>What one evaluation during a training found.</summary>
/// <param name="Step">Steps taken.</param>
/// <param name="Loss">Mean loss per step since the evaluation before.</param>
/// <param name="Accuracy">See <see cref="SiitScores.Accuracy"/>.</param>
/// <param name="Interchange">Mean over circuit nodes.</param>
/// <param name="Strict">Mean over outside nodes.</param>
/// <param name="AllOutside">See <see cref="SiitScores.AllOutside"/>.</param>
public sealed record SiitTrainingPoint(int Step, double Loss, double Accuracy, double Interchange, double Strict, double AllOutside);
