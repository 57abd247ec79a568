namespace CircuitLasso;

/// <summary>The rows of the tables about features.</summary>
internal static class CircuitFeatureRows
{
    internal static IEnumerable<(string Table, object?[][] Rows)> Of(Circuit circuit)
    {
        yield return ("example_token",
        [
            .. circuit.Examples.SelectMany((example, index) => example.Tokens.Select((token, position) => new object?[] { index + 1L, (long)position, token.Text, token.Value })),
        ]);
        yield return ("feature_profile",
            [.. circuit.Profiles.Select(profile => new object?[] { profile.Node, profile.Rows, profile.ActiveRows, profile.Mean, profile.Maximum })]);
        yield return ("feature_histogram",
            [.. circuit.Profiles.SelectMany(profile => profile.Histogram.Select(bin => new object?[] { profile.Node, bin.Lower, bin.Upper, bin.Count }))]);
        yield return ("feature_token",
        [
            .. circuit.Profiles.SelectMany(profile => profile.Promoted.Select(token => Row(profile, token, 1)).Concat(profile.Suppressed.Select(token => Row(profile, token, 0)))),
        ]);
    }

    private static object?[] Row(FeatureProfile profile, TokenEffect token, long promoted) => [profile.Node, token.Token, token.Effect, promoted];
}
