namespace CircuitLasso;

/// <content>What a readout reads with some edges cut.</content>
internal sealed partial class FeatureEdgeValues
{
    // Sources of kept edges into the behaviour with their values, those of cut edges with their means, and the rest as all that is in no edge.
    private float[]? Readings(int site, bool[] kept, bool keepsRest, double[][] values)
    {
        if (_batch.Read(site) is not { } read)
        {
            return null;
        }

        float[] clean = _batch.CleanReadings[site]!;
        float[] means = _batch.ReplacedReadings[site]!;
        float[] readings = [.. keepsRest ? clean : means];
        Dictionary<int, bool> edges = _graph.Into[^1].ToDictionary(edge => _graph.Sources[edge], edge => kept[edge]);
        for (int node = 0; node < _graph.Nodes.Count; node++)
        {
            FeatureNode of = _graph.Nodes[node];
            int first = of.Site != site ? -1 : of.IsError ? read.FirstError : read.ColumnOf(of.Feature);
            if (first < 0)
            {
                continue;
            }

            bool isKept = edges.TryGetValue(node, out bool named) ? named : keepsRest;
            int end = of.IsError ? read.Columns : first + 1;
            for (int row = 0; row < _batch.Rows; row++)
            {
                if (!_batch.IsReal(row, out int position) || !_graph.IsAt(node, position))
                {
                    continue;
                }

                for (int at = (row * read.Columns) + first; at < (row * read.Columns) + end; at++)
                {
                    readings[at] = !isKept ? means[at] : of.IsError ? clean[at] : Feature(site, row, values[row][node]);
                }
            }
        }

        return readings;
    }

    // f of g, by the scale of the clean text.
    private float Feature(int site, int row, double value) => _batch.Clean[site].Scale(row) is var scale && scale == 0 ? 0 : (float)(value / scale);
}
