using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CircuitLasso;

/// <summary>Builds the bytes of a circuit file in memory.</summary>
internal static class CircuitFileWriter
{
    internal static byte[] Serialize(Circuit circuit)
    {
        using SqliteConnection connection = new("Data Source=:memory:;Pooling=False");
        connection.Open();
        Execute(connection, "PRAGMA page_size = 4096");
        Execute(connection, "PRAGMA encoding = 'UTF-8'");
        using (SqliteTransaction transaction = connection.BeginTransaction())
        {
            foreach (string statement in CircuitFileSchema.Tables.Values)
            {
                Execute(connection, statement);
            }

            Insert(connection, "meta", 2, Meta(circuit));
            Insert(connection, "node", 7, circuit.Nodes.Select((node, index) => new object?[]
            {
                index + 1L, node.Name, CircuitFileSchema.Word(node.Kind), (long)node.Place, (long?)node.Layer, node.Relevance, node.Explained,
            }));
            Insert(connection, "edge", 8, circuit.Edges.Select((edge, index) => new object?[]
            {
                index + 1L, edge.Source, edge.Target, edge.Weight, edge.InCircuit ? 1L : 0L, edge.Norm, edge.EntersAtLambda, edge.Stability,
            }));
            Dictionary<(string, string), long> identity = circuit.Edges.Select((edge, index) => (edge, index)).ToDictionary(pair => (pair.edge.Source, pair.edge.Target), pair => pair.index + 1L);
            Insert(connection, "edge_weight", 4, circuit.WeightPath.Select(point => new object?[]
            {
                identity[(point.Source, point.Target)], point.Lambda, point.Weight, point.Stability,
            }));
            Insert(connection, "label", 2, circuit.Nodes.Where(node => node.Label is not null).Select(node => new object?[] { node.Name, node.Label }));
            Insert(connection, "example", 3, circuit.Examples.Select(example => new object?[] { example.Node, example.Text, example.Value }));
            Insert(connection, "metric", 2, circuit.Metrics.Select(metric => new object?[] { metric.Key, metric.Value }));
            Insert(connection, "provenance", 2, circuit.Provenance.Select(entry => new object?[] { entry.Key, entry.Value }));
            (string, object?[][])[] edges =
            [
                ("edge_coefficient", [.. circuit.Coefficients.Select(coefficient => new object?[]
                {
                    identity[(coefficient.Source, coefficient.Target)], (long)coefficient.Coordinate, (long)coefficient.Output, coefficient.Value,
                })]),
                ("edge_effect", [.. circuit.Edges.Where(edge => edge.Effect is not null).Select(edge => new object?[] { identity[(edge.Source, edge.Target)], edge.Effect!.Share, edge.Effect.Rows })]),
            ];
            foreach ((string table, object?[][] rows) in edges.Concat(CircuitFeatureRows.Of(circuit)).Concat(CircuitReadoutRows.Of(circuit.Readout)).Where(pair => pair.Item2.Length > 0))
            {
                Execute(connection, CircuitFileSchema.OptionalTables[table]);
                Insert(connection, table, rows[0].Length, rows);
            }

            transaction.Commit();
        }

        return Bytes(connection);
    }

    private static IEnumerable<object?[]> Meta(Circuit circuit)
    {
        yield return [CircuitFileSchema.FormatKey, CircuitFileSchema.Format];
        yield return [CircuitFileSchema.VersionKey, Text(CircuitFileSchema.Version)];
        yield return [CircuitFileSchema.TargetKey, circuit.Target.Name];
        if (circuit.Components is { } graph)
        {
            yield return [CircuitFileSchema.LayersKey, Text(graph.Layers)];
            yield return [CircuitFileSchema.HeadsKey, Text(graph.Heads)];
            yield return [CircuitFileSchema.ParallelBlocksKey, Text(graph.ParallelBlocks ? 1 : 0)];
            yield return [CircuitFileSchema.WidthKey, Text(graph.Width)];
        }

        foreach (object?[] row in CircuitReadoutRows.Meta(circuit.Readout))
        {
            yield return row;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Execute(SqliteConnection connection, string statement)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Statements are constants of this project.
        command.CommandText = statement;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static void Insert(SqliteConnection connection, string table, int columns, IEnumerable<object?[]> rows)
    {
        using SqliteCommand command = connection.CreateCommand();
        SqliteParameter[] parameters = [.. Enumerable.Range(0, columns).Select(i => command.Parameters.Add($"$p{i}", SqliteType.Text))];
#pragma warning disable CA2100 // Table names are constants of this project; values are parameters.
        command.CommandText = $"INSERT INTO {table} VALUES ({string.Join(", ", parameters.Select(parameter => parameter.ParameterName))})";
#pragma warning restore CA2100
        foreach (object?[] row in rows)
        {
            for (int i = 0; i < columns; i++)
            {
                parameters[i].ResetSqliteType();
                parameters[i].Value = row[i] ?? DBNull.Value;
            }

            command.ExecuteNonQuery();
        }
    }

    private static byte[] Bytes(SqliteConnection connection)
    {
        IntPtr pointer = raw.sqlite3_serialize(connection.Handle, "main", out long length, 0);
        if (pointer == IntPtr.Zero)
        {
            throw new InvalidOperationException("SQLite could not serialise the circuit.");
        }

        try
        {
            byte[] bytes = new byte[length];
            Marshal.Copy(pointer, bytes, 0, bytes.Length);
            return bytes;
        }
        finally
        {
            raw.sqlite3_free(pointer);
        }
    }
}
