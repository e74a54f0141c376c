import Support
import XCTest

final class ProcessPlaceTests: XCTestCase {
    func testOneProcessHasNoPlace() throws {
        XCTAssertNil(try ProcessPlace(environment: [:]))
        XCTAssertNil(try ProcessPlace(environment: ["RANK": "0", "WORLD_SIZE": "1"]))
        // A batch script of Slurm is no process of a training, though the job has several.
        XCTAssertNil(try ProcessPlace(environment: ["SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_LOCALID": "0"]))
    }

    func testTorchrun() throws {
        let place = try XCTUnwrap(
            ProcessPlace(environment: [
                "RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4", "MASTER_ADDR": "node7",
                "MASTER_PORT": "29500", "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "2",
            ]))
        XCTAssertEqual([place.rank, place.size, place.localRank, place.localSize], [5, 8, 1, 4])
        XCTAssertEqual(place.host, "node7")
        XCTAssertEqual(place.port, 29500)
        XCTAssertTrue(place.launcherServesStore)
        XCTAssertEqual(place.restarts, 2)
    }

    func testSlurm() throws {
        var variables = [
            "SLURM_PROCID": "3", "SLURM_STEP_NUM_TASKS": "4", "SLURM_LOCALID": "1",
            "SLURM_STEP_TASKS_PER_NODE": "2(x2)",
            "SLURM_STEP_NODELIST": "gpu[07-08]", "SLURM_JOB_ID": "123456",
        ]
        let place = try XCTUnwrap(ProcessPlace(environment: variables))
        XCTAssertEqual([place.rank, place.size, place.localRank, place.localSize], [3, 4, 1, 2])
        XCTAssertEqual(place.host, "gpu07")
        XCTAssertFalse(place.launcherServesStore)
        variables["SLURM_PROCID"] = "0"
        XCTAssertEqual(try ProcessPlace(environment: variables)?.port, place.port, "all processes of a job meet there")
        variables["SLURM_JOB_ID"] = "123457"
        XCTAssertNotEqual(try ProcessPlace(environment: variables)?.port, place.port)
        for (list, first) in [
            ("a1", "a1"), ("a1,a2", "a1"), ("a[3,5-6],b1", "a3"), ("b1,a[3-4]", "b1"), ("a[003]", "a003"),
        ] {
            XCTAssertEqual(ProcessPlace.firstNode(of: list), first)
        }
    }

    func testOpenMPI() throws {
        var variables = [
            "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "1",
            "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
        ]
        let place = try XCTUnwrap(ProcessPlace(environment: variables))
        XCTAssertEqual([place.rank, place.size, place.localRank, place.localSize], [1, 2, 1, 2])
        XCTAssertEqual(place.host, "127.0.0.1")
        variables["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1"
        XCTAssertThrowsError(try ProcessPlace(environment: variables)) {
            XCTAssertTrue("\($0)".hasPrefix("MASTER_ADDR is missing"), "\($0)")
        }
        variables["MASTER_ADDR"] = "head"
        XCTAssertEqual(try ProcessPlace(environment: variables)?.host, "head")
    }

    func testWrongVariablesAreNamed() {
        for (variables, words) in [
            (["RANK": "2", "WORLD_SIZE": "2"], "RANK is \"2\""), (["RANK": "x", "WORLD_SIZE": "2"], "RANK is \"x\""),
            (["RANK": "0", "WORLD_SIZE": "two"], "WORLD_SIZE is \"two\""),
            (
                ["RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_PORT": "99999"],
                "MASTER_PORT is \"99999\""
            ),
        ] {
            XCTAssertThrowsError(try ProcessPlace(environment: variables)) {
                XCTAssertTrue("\($0)".hasPrefix(words), "\($0)")
            }
        }
    }

    func testAPlaceIsHandedOnAsItIs() throws {
        let place = ProcessPlace(rank: 1, of: 3, port: 4000, restarts: 1)
        XCTAssertEqual(try ProcessPlace(environment: place.environment), place)
    }
}
