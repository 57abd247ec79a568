using CircuitLasso.Models;

namespace CircuitLasso.InterpBench.Tests;

/// <summary>Models of the right shape for a program, with random weights: what the suite reads and runs, not what it finds.</summary>
internal static class SuiteModels
{
    internal static TransformerModel Random(KnownProgram program)
    {
        ModelDescription description = LowLevelModel.Describe(program);
        return new TransformerModel(description, ParameterInitializer.Random(description, 5, deviation: 0.4f));
    }

    /// <summary>Writes folders as training leaves them; a case is named by its program.</summary>
    internal static void Write(string folder, params string[] programs)
    {
        foreach (string id in programs)
        {
            string path = Path.Combine(folder, id);
            using (TransformerModel model = Random(KnownPrograms.Find(id)!))
            {
                ModelCheckpoint.SaveHookedTransformer(model, path);
            }

            using (FileStream program = File.Create(Path.Combine(path, "program.json")))
            using (Stream source = KnownPrograms.OpenFile(id))
            {
                source.CopyTo(program);
            }

            File.WriteAllText(Path.Combine(path, "training.json"), """{"accuracy": 0.75, "accuracy_with_all_outside_nodes_swapped": 0.5}""");
        }
    }
}
