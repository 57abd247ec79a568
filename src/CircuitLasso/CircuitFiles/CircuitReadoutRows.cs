using System.Globalization;

namespace CircuitLasso;

/// <summary>The rows of the tables that hold a readout.</summary>
internal static class CircuitReadoutRows
{
    internal const string Feature = "feature";
    internal const string Error = "error";

    internal static IEnumerable<(string Table, object?[][] Rows)> Of(CircuitReadout? readout)
    {
        if (readout is null)
        {
            yield break;
        }

        yield return ("readout_output", [.. readout.Intercepts.Select((intercept, output) => new object?[] { (long)output, intercept })]);
        yield return ("readout_class", [.. readout.Classes.Select((name, place) => new object?[] { (long)place, name })]);
        object?[] Row(ReadoutCoefficient part) => [part.Site, part.IsError ? Error : Feature, (long)part.Index, (long)part.Output, part.Value];
        yield return readout.KeepsPositions
            ? ("readout_position", [.. readout.Coefficients.Select(part => (object?[])[.. Row(part), (long)part.Position!])])
            : ("readout", [.. readout.Coefficients.Select(Row)]);
    }

    internal static IEnumerable<object?[]> Meta(CircuitReadout? readout)
    {
        if (readout is null)
        {
            yield break;
        }

        yield return [CircuitFileSchema.ReadoutPoolingKey, readout.Pooling.ToString().ToLowerInvariant()];
        yield return [CircuitFileSchema.ReadoutMeanKey, readout.Mean.ToString("R", CultureInfo.InvariantCulture)];
        if (readout.MaximumTokens is { } most)
        {
            yield return [CircuitFileSchema.ReadoutMaximumTokensKey, most.ToString(CultureInfo.InvariantCulture)];
        }
    }
}
