using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// A store of features of real density, made up: about 128 active a row, frequencies by a power law, topics that make features go together; every feature of a site but the first comes from four of the site before and
/// noise, the largest 128 of a row kept (the shape of <c>gen_lasso_data.py</c>'s sparse data, continued from site to site). Beside each site stands an error of 768 coordinates.
/// </summary>
internal static class MadeUpFeatures
{
    private const int Active = 128;
    private const int Topics = 64;
    private const int SourcesOfFeature = 4;
    private const int ChanceFeatures = 16;
    private const int ErrorWidth = 768;
    private const int RowsAtOnce = 512;

    /// <summary>Writes a store.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="features">Features of a site.</param>
    /// <param name="sites">Number of sites.</param>
    /// <returns>The mean number of active features of a row at each site.</returns>
    public static double[] Write(string folder, int rows, int features, int sites)
    {
        ActivationStoreManifest manifest = new()
        {
            Pooling = Pooling.Mean,
            RowsPerShard = RowsAtOnce,
            Sites =
            [
                .. Enumerable.Range(0, sites).SelectMany(site => new[]
                {
                    new StoreSite { Name = $"resid_post.{site}", Kind = StoreSiteKind.Sparse, Width = features },
                    new StoreSite { Name = $"resid_post.{site}.error", Kind = StoreSiteKind.Dense, Width = ErrorWidth },
                }),
            ],
        };
        FirstSite first = new(features);
        Children[] children = [.. Enumerable.Range(1, sites - 1).Select(site => new Children(features, first.Frequencies, seed: (ulong)site))];
        long[] active = new long[sites];
        using ActivationStoreWriter writer = ActivationStoreWriter.Open(folder, manifest, []);
        float[] error = new float[RowsAtOnce * ErrorWidth];
        for (int start = 0; start < rows; start += RowsAtOnce)
        {
            int count = Math.Min(RowsAtOnce, rows - start);
            writer.BeginBatch([.. Enumerable.Range(start, count).Select(row => new StoreRow(row, 12))]);
            SortedDictionary<int, float>[] current = [.. Enumerable.Range(start, count).Select(first.Row)];
            for (int site = 0; site < sites; site++)
            {
                int from = start;
                current = site == 0 ? current : [.. current.Select((row, i) => children[site - 1].Of(row, from + i))];
                active[site] += current.Sum(row => (long)row.Count);
                List<long> starts = [0];
                foreach (SortedDictionary<int, float> row in current)
                {
                    starts.Add(starts[^1] + row.Count);
                }

                writer.WriteSparse($"resid_post.{site}", [.. starts], [.. current.SelectMany(row => row.Keys)], [.. current.SelectMany(row => row.Values)]);
                RandomSource random = new(((ulong)start * 100) + (ulong)site);
                for (int i = 0; i < count * ErrorWidth; i++)
                {
                    error[i] = (float)(0.1 * random.NextNormal());
                }

                writer.WriteDense($"resid_post.{site}.error", error.AsSpan(0, count * ErrorWidth));
            }

            writer.EndBatch();
        }

        writer.Complete();
        return [.. active.Select(sum => sum / (double)rows)];
    }

    private static double Amplitude(RandomSource random) => 0.1 - (0.5 * Math.Log((1 - random.NextDouble()) * (1 - random.NextDouble())));

    /// <summary>Rows of the first site.</summary>
    private sealed class FirstSite
    {
        private readonly double[] _cumulated;
        private readonly int[] _featureOf;
        private readonly bool[][] _boosted;

        public FirstSite(int features)
        {
            RandomSource random = new(2);
            _featureOf = [.. Enumerable.Range(0, features)];
            for (int i = features - 1; i > 0; i--)
            {
                int other = random.NextInt32(i + 1);
                (_featureOf[i], _featureOf[other]) = (_featureOf[other], _featureOf[i]);
            }

            double sum = 0;
            _cumulated = [.. Enumerable.Range(0, features).Select(rank => sum += 1.0 / (rank + 10))];
            Frequencies = new double[features];
            for (int rank = 0; rank < features; rank++)
            {
                Frequencies[_featureOf[rank]] = 1.0 / (rank + 10);
            }

            _boosted = [.. Enumerable.Range(0, Topics).Select(_ => Enumerable.Range(0, features).Select(_ => random.NextDouble() < 1.0 / 16).ToArray())];
        }

        /// <summary>What each feature's frequency is proportional to.</summary>
        public double[] Frequencies { get; }

        public SortedDictionary<int, float> Row(int row)
        {
            RandomSource random = new(1_000_000 + (ulong)row);
            bool[] boosted = _boosted[random.NextInt32(Topics)];
            SortedDictionary<int, float> values = [];
            while (values.Count < Active)
            {
                int at = Array.BinarySearch(_cumulated, random.NextDouble() * _cumulated[^1]);
                int rank = Math.Min(at < 0 ? ~at : at, _cumulated.Length - 1);

                // A topic's own features are eight times as frequent as the others.
                if (boosted[rank] || random.NextDouble() < 1.0 / 8)
                {
                    values[_featureOf[rank]] = (float)Amplitude(random);
                }
            }

            return values;
        }
    }

    /// <summary>The features that those of the site before make.</summary>
    private sealed class Children
    {
        private readonly (int Child, float Weight)[][] _of;
        private readonly int _features;
        private readonly ulong _seed;

        public Children(int features, double[] frequencies, ulong seed)
        {
            (_features, _seed) = (features, seed);
            RandomSource random = new(seed);
            double sum = 0;
            double[] cumulated = [.. frequencies.Select(frequency => sum += Math.Sqrt(frequency))];
            List<(int, float)>[] lists = [.. Enumerable.Range(0, features).Select(_ => new List<(int, float)>())];
            for (int child = 0; child < features; child++)
            {
                for (int i = 0; i < SourcesOfFeature; i++)
                {
                    int at = Array.BinarySearch(cumulated, random.NextDouble() * sum);
                    int source = Math.Min(at < 0 ? ~at : at, features - 1);
                    lists[source].Add((child, (float)((0.3 + (0.9 * random.NextDouble())) * (random.NextDouble() < 0.8 ? 1 : -1))));
                }
            }

            _of = [.. lists.Select(list => list.ToArray())];
        }

        public SortedDictionary<int, float> Of(SortedDictionary<int, float> sources, int row)
        {
            RandomSource random = new((_seed * 10_000_000) + (ulong)row);
            SortedDictionary<int, float> sums = [];
            foreach ((int source, float value) in sources)
            {
                foreach ((int child, float weight) in _of[source])
                {
                    sums[child] = sums.GetValueOrDefault(child) + (weight * value);
                }
            }

            (int Feature, float Value)[] noisy =
            [
                .. sums.Select(pair => (pair.Key, (float)(pair.Value + (0.15 * random.NextNormal())))),
                .. Enumerable.Range(0, ChanceFeatures).Select(_ => (random.NextInt32(_features), (float)(0.4 * Math.Abs(random.NextNormal())))),
            ];
            SortedDictionary<int, float> kept = [];
            foreach ((int feature, float value) in noisy.Where(pair => pair.Value > 0).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Feature))
            {
                if (kept.Count == Active)
                {
                    break;
                }

                kept.TryAdd(feature, value);
            }

            return kept;
        }
    }
}
