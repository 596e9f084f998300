"""Which test stands for which row of checklists/reliability.md 2.5. A row without one says why."""

import re

import pytest

from fixtures.hub import ROOT

SYNC, KILLS, PROCESSES = "test_sync_faults.py", "test_faults_kills.py", "test_faults_processes.py"
DISK, POOLS, GIT = "test_faults_disk.py", "test_pools.py", "test_git_serving.py"
NET, MIRRORS, HOOKS = "test_net_safety.py", "test_mirror_safety.py", "test_webhooks.py"

ROWS = {
    "R-01": [(KILLS, "test_R01_killed_at_any_place_all_is_mended_by_the_next_runs"),
             (KILLS, "test_R01_killed_while_a_fresh_store_takes_a_damaged_ones_place"),
             (KILLS, "test_R01_every_place_named_elsewhere_is_there_and_killed_there"),
             (SYNC, "test_R01_a_first_sync_killed_anywhere_is_done_by_the_next_run"),
             (SYNC, "test_R01_an_upstream_that_goes_back_after_a_kill_is_followed"),
             (SYNC, "test_R01_workers_die_with_a_supervisor_that_is_killed")],
    "R-02": [(SYNC, "test_R02_a_worker_that_is_killed_is_a_failed_run_and_nothing_more"),
             (SYNC, "test_R02_a_worker_that_hangs_is_killed_and_others_go_on"),
             (PROCESSES, "test_R02_a_git_that_is_killed_fails_the_run_and_nothing_more")],
    "R-03": [(KILLS, "test_R03_a_sync_killed_at_the_nth_call_is_mended_by_the_next"),
             (KILLS, "test_R03_R04_an_upkeep_hurt_at_the_nth_call_leaves_a_whole_store_and_the_next_does_it"),
             (PROCESSES, "test_R03_R07_a_push_killed_at_the_nth_call_is_old_or_new")],
    "R-04": [(KILLS, "test_R04_a_sync_whose_nth_call_fails_is_mended_by_the_next"),
             (KILLS, "test_R03_R04_an_upkeep_hurt_at_the_nth_call_leaves_a_whole_store_and_the_next_does_it")],
    "R-05": [(POOLS, "test_R05_a_killed_process_is_replaced_and_the_others_serve_on")],
    "R-06": [(POOLS, "test_R06_SIGTERM_serves_who_waits_in_the_queue")],
    "R-07": [(PROCESSES, "test_R03_R07_a_push_killed_at_the_nth_call_is_old_or_new"),
             (PROCESSES, "test_R07_what_a_push_changed_is_told_by_sync_when_its_program_was_killed"),
             (PROCESSES, "test_R07_a_push_killed_before_git_changed_anything_leaves_nothing"),
             (PROCESSES, "test_R07_the_next_push_comes_behind_the_one_that_was_killed"),
             (GIT, "test_a_lock_that_a_killed_push_left_does_not_stop_the_next_one")],
    "R-08": [(GIT, "test_r08_an_upload_that_breaks_off_ends_the_child_and_changes_nothing"),
             (GIT, "test_r08_a_download_that_breaks_off_ends_the_child")],
    "R-09": [(HOOKS, "test_R09_a_sender_that_is_killed_repeats_the_same_delivery")],
    "R-10": [(SYNC, "test_R10_a_program_frozen_for_three_leases_writes_nothing_when_it_wakes")],
    "R-11": [(SYNC, "test_R11_two_runs_at_once_do_each_mirror_once"),
             (SYNC, "test_R11_a_second_run_ends_at_once_while_the_first_is_still_at_work"),
             (SYNC, "test_R11_a_run_waits_for_a_database_that_comes_up_later")],
    "R-12": [(SYNC, "test_R12_the_database_dies_under_a_sync_and_the_result_is_kept"),
             (PROCESSES, "test_R12_while_the_database_is_away_answers_are_503_and_nobody_ends")],
    "R-18": [(DISK, "test_R18_R20_a_full_disk_stops_fetches_alone_and_they_resume_by_themselves"),
             (DISK, "test_R18_a_pack_that_does_not_fit_changes_nothing_and_gives_its_room_back"),
             (DISK, "test_R18_a_push_that_does_not_fit_is_refused_and_gives_its_room_back"),
             (DISK, "test_R18_a_full_disk_of_logs_stops_no_service"),
             (DISK, "test_R18_a_full_disk_of_the_database_refuses_changes_and_serves_on")],
    "R-19": [(DISK, "test_R19_what_is_too_large_for_a_file_leaves_nothing")],
    "R-20": [(DISK, "test_R18_R20_a_full_disk_stops_fetches_alone_and_they_resume_by_themselves")],
    "R-21": [(SYNC, "test_R21_a_data_folder_that_is_not_ours_stops_the_program")],
    "R-22": [(DISK, "test_R22_R23_a_broken_store_harms_no_other_and_no_program"),
             ("test_upkeep.py", "test_R22_a_mirror_with_a_corrupt_pack_is_fetched_anew_while_it_is_read"),
             ("test_upkeep.py", "test_R22_a_plain_repository_is_marked_and_waits_for_approval")],
    "R-23": [(DISK, "test_R22_R23_a_broken_store_harms_no_other_and_no_program"),
             ("test_upkeep.py", "test_R23_what_is_derived_is_made_again_in_place"),
             ("test_upkeep.py", "test_R23_a_mirror_with_broken_refs_is_fetched_anew")],
    "R-24": [(SYNC, "test_R24_an_upstream_that_breaks_off_changes_nothing"),
             (MIRRORS, "test_R24_a_sync_that_failed_in_the_middle_is_done_by_the_next")],
    "R-25": [(PROCESSES, "test_R25_a_dead_host_of_two_hundred_mirrors_costs_little_and_comes_back_spread")],
    "R-26": [(NET, "test_R26_a_name_with_good_addresses_is_mirrored"),
             (NET, "test_R26_a_name_that_cannot_be_found_has_its_class_and_mends_by_itself"),
             (NET, "test_R26_a_slow_answer_is_waited_for_and_others_go_on")],
    "R-27": [("test_targets.py", "test_a_refused_ref_is_told_and_the_others_go_on"),
             ("test_targets.py", "test_a_target_that_refuses_all_refs_is_partial")],
    "R-28": [(PROCESSES, "test_R28_the_databases_clock_jumps_and_the_schedule_goes_on"),
             (PROCESSES, "test_R28_the_clock_of_sync_jumps_and_leases_and_times_are_the_databases")],
    "R-38": [("test_faults_chaos.py", "test_R38_kills_at_random_moments_leave_old_or_new_and_nothing_else"),
             (SYNC, "test_R38_kills_at_random_moments_leave_old_or_new_and_nothing_else")],
    "R-39": [(SYNC, "test_R39_stale_locks_are_removed_and_the_run_passes")],
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_tests_that_are_there(row):
    for file, name in ROWS[row]:
        assert re.search(r"^def %s\(" % name, (ROOT / "tests/e2e" / file).read_text(), re.M), (file, name)
