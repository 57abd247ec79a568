namespace CircuitLasso;

/// <content>Edges into a readout.</content>
internal sealed partial class FeatureEdgeGradients
{
    // A readout reads nodes themselves: no path goes through the model.
    private void AddReadings(FeatureBatch batch, SiteNodes[] gradients)
    {
        for (int site = 0; site < _sites.Count; site++)
        {
            foreach (FeatureNode node in batch.Read(site) is null ? [] : _kept[site])
            {
                double sum = 0;
                for (int row = 0; row < batch.Rows; row++)
                {
                    if (batch.IsReal(row, out int position) && (node.Position == FeatureNode.Everywhere || node.Position == position))
                    {
                        sum -= batch.Moved(site, row, node.Feature, gradients[site].Readings);
                    }
                }

                if (sum != 0)
                {
                    TargetWeights[node] = TargetWeights.GetValueOrDefault(node) + sum;
                }
            }
        }
    }
}
