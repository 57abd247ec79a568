namespace CircuitLasso.Benchmarks;

/// <summary>Runs the benchmark that the first argument names.</summary>
internal static class Program
{
    private static readonly (string Name, string Does, Action<string[]> Run)[] _benchmarks =
    [
        ("gemm", "matrix products: the project's kernels against OpenBLAS", GemmBenchmark.Run),
        ("transformer", "a forward and a backward pass of GPT-2 small's shape against its matrix products alone", TransformerBenchmark.Run),
        ("forward", "passes of models, forwards and backwards, against the machine's rate of matrix products; memory against weights and activations", ForwardBenchmark.Run),
        ("mapped", "a bfloat16 checkpoint of a large vocabulary run from its files: memory and speed", MappedBenchmark.Run),
        ("lasso", "the Lasso engine on files, without reading and start-up", LassoBenchmark.Run),
        ("fista", "FISTA's iterations against the gap, plain and with restart", FistaBenchmark.Run),
        ("kernels", "the loops that the solvers live on, by BenchmarkDotNet; --quick for a short look", KernelBenchmarks.Run),
        ("collect", "a collection against its forward passes alone", CollectBenchmark.Run),
        ("logistic", "l1-penalised logistic regression on files; bench/logistic.py runs the rival beside it", LogisticBenchmark.Run),
        ("discovery", "circuit discovery by regression against EAP-IG, on the known circuits and at GPT-2 small's shape", DiscoveryBenchmark.Run),
        ("features", "circuits of features by regression against sparse feature circuits, on agreement pairs: faithfulness and seconds", FeatureBenchmark.Run),
        ("gpt2-sfc", "circuits of features by regression against sparse feature circuits at GPT-2 small's shape: seconds as autoencoders grow", FeatureDiscoveryBenchmark.Run),
        ("gpt2-features", "collecting and learning autoencoder features at GPT-2 small's shape, stage by stage", FeatureCollectionBenchmark.Run),
        ("pairs", "all A between adjacent sites of twelve with 32,768 features and errors, against the plain problem on one pair", FeaturePairsBenchmark.Run),
        ("tokenize", "megabytes of text a second turned into token ids, against a plain implementation and Hugging Face's", TokenizeBenchmark.Run),
    ];

    private static int Main(string[] arguments)
    {
        foreach ((string name, _, Action<string[]> run) in _benchmarks)
        {
            if (arguments.Length > 0 && arguments[0] == name)
            {
                run(arguments[1..]);
                return 0;
            }
        }

        Console.Error.WriteLine("usage: CircuitLasso.Benchmarks BENCHMARK [options]");
        foreach ((string name, string does, _) in _benchmarks)
        {
            Console.Error.WriteLine($"  {name,-13} {does}");
        }

        return 2;
    }
}
