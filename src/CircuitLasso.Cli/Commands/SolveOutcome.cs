using System.Diagnostics;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso.Cli;

/// <summary>What a run of <c>solve</c> found and what it took, for either loss.</summary>
/// <param name="Coefficients">Features x targets, one such matrix after another along a path.</param>
/// <param name="Intercepts">One per column of the coefficients.</param>
/// <param name="Certificates">One per column of the coefficients.</param>
/// <param name="ComputingGram">Seconds for X'X and X'Y.</param>
/// <param name="Solving">Seconds for the targets.</param>
internal sealed record SolveOutcome(
    CompressedColumns<double> Coefficients, IReadOnlyList<double> Intercepts, IReadOnlyList<TargetCertificate> Certificates, double ComputingGram, double Solving)
{
    internal int Missed => Certificates.Count(static certificate => !certificate.Converged);

    /// <summary>Which form X'X had: whole, on_demand, or none.</summary>
    internal required string Gram { get; init; }

    /// <summary>Writes the coefficients, and with them the lambdas and, where there are some, the intercepts.</summary>
    internal void Write(SolveRequest request)
    {
        List<KeyValuePair<string, double[]>> vectors = [new("lambdas", [.. Certificates.Select(static certificate => certificate.Lambda)])];
        if (request.Intercept)
        {
            vectors.Add(new("intercepts", [.. Intercepts]));
        }

        SciPySparseFile.Write(request.Out, Coefficients, vectors: vectors);
    }

    /// <summary>Prints what was found.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="design">The design.</param>
    /// <param name="reading">Seconds spent on reading.</param>
    /// <param name="stability">The frequencies of half-samples, how many solves missed their gap, and the seconds; null without them.</param>
    internal void Print(CommandContext context, SolveRequest request, SharedDesign design, double reading, (CompressedColumns<double> Frequencies, int Missed, double Seconds)? stability)
    {
        double[] gaps = [.. Certificates.Select(static certificate => certificate.RelativeGap).Order()];
        double largest = gaps.Length > 0 ? gaps[^1] : 0, median = gaps.Length > 0 ? gaps[gaps.Length / 2] : 0;
        int targets = gaps.Length / request.PathLength;
        context.Print(
            text =>
            {
                string path = request.PathLength > 1 ? FormattableString.Invariant($" at {request.PathLength} lambdas") : "";
                text.WriteLine(FormattableString.Invariant($"{request.Out}: {Coefficients.EntryCount:N0} coefficients of {targets:N0} targets on {design.Columns:N0} features{path}"));
                text.WriteLine(FormattableString.Invariant($"relative gap: largest {largest:E1}, median {median:E1}, {Missed} missed"));
                if (stability is { } found)
                {
                    int always = found.Frequencies.Values.Count(1.0);
                    text.WriteLine(FormattableString.Invariant($"{request.StabilityOut}: {found.Frequencies.EntryCount:N0} coefficients chosen on some of {request.HalfSamples} half-samples, {always:N0} on all, {found.Missed} missed their gap"));
                }

                text.WriteLine(FormattableString.Invariant($"seconds: reading {reading:F2}, Gram {ComputingGram:F2}, solving {Solving:F2}{(stability is null ? "" : FormattableString.Invariant($", half-samples {stability.Value.Seconds:F2}"))}"));
            },
            json =>
            {
                json.WriteString("out", request.Out);
                json.WriteNumber("targets", targets);
                json.WriteNumber("features", design.Columns);
                json.WriteNumber("samples", design.Rows);
                json.WriteNumber("lambdas", request.PathLength);
                json.WriteString("gram", Gram);
                json.WriteStartObject("seconds");
                json.WriteNumber("reading", reading);
                json.WriteNumber("gram", ComputingGram);
                json.WriteNumber("solving", Solving);
                json.WriteEndObject();
                json.WriteNumber("gap_max", largest);
                json.WriteNumber("gap_median", median);
                json.WriteNumber("nonzeros", Coefficients.EntryCount);
                using Process process = Process.GetCurrentProcess();
                json.WriteNumber("peak_bytes", process.PeakWorkingSet64);
                json.WriteNumber("missed", Missed);
                if (stability is { } found)
                {
                    json.WriteStartObject("stability");
                    json.WriteString("out", request.StabilityOut);
                    json.WriteNumber("half_samples", request.HalfSamples);
                    json.WriteNumber("nonzeros", found.Frequencies.EntryCount);
                    json.WriteNumber("missed", found.Missed);
                    json.WriteNumber("seconds", found.Seconds);
                    json.WriteEndObject();
                }
            });
    }
}
