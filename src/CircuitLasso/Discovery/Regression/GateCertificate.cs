namespace CircuitLasso;

/// <summary>How good a solution of a <see cref="GateProblem"/> is.</summary>
/// <param name="Lambda">The penalty.</param>
/// <param name="Primal">The objective at the gates found.</param>
/// <param name="Gap">By how much, at most, the objective lies above its minimum.</param>
/// <param name="Sweeps">Passes over the gates.</param>
internal readonly record struct GateCertificate(double Lambda, double Primal, double Gap, int Sweeps);
